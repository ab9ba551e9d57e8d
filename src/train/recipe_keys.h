/* The sections of a recipe and their keys, as tables. */
#ifndef LF_TRAIN_RECIPE_KEYS_H
#define LF_TRAIN_RECIPE_KEYS_H

#include "train/recipe.h"

typedef struct lf_recipe_section {
    const char *name;
    size_t offset; /* of the section's struct in lf_recipe */
    const lf_attr_desc *keys;
    const char *help;
} lf_recipe_section;

/* A kind of layer, known by the key that only it has; without keys: by that word alone. */
typedef struct lf_recipe_kind {
    const char *key;
    int kind;
    const lf_attr_desc *keys;
    const char *help;
} lf_recipe_kind;

extern const lf_attr_desc lf_quantizer_keys[];
extern const lf_recipe_kind lf_recipe_kinds[]; /* ends with an entry without key */
extern const lf_attr_desc lf_recipe_top_keys[];
extern const lf_recipe_section lf_recipe_sections[]; /* ends with an entry without name */

#endif

/* What the readers of a recipe's parts share. Floor-internal. */
#ifndef LF_TRAIN_RECIPE_PARSE_H
#define LF_TRAIN_RECIPE_PARSE_H

#include "train/recipe.h"
#include "train/yaml_tree.h"

typedef struct lf_parser {
    lf_ctx *ctx;
    lf_arena *arena;
    const char *file;
    lf_recipe *recipe;
} lf_parser;

/* Records what is wrong with a node, where it stands. */
lf_status lf_recipe_wrong(const lf_parser *p, const lf_yaml *n, const char *what);

/* Sets the field of `at` that the key of n names in a table; `owner` is for messages. */
lf_status lf_recipe_set_key(const lf_parser *p, const lf_attr_desc *keys, const char *owner, void *at,
                            const lf_yaml *n);
/* Keys without a default must be there. */
lf_status lf_recipe_require(const lf_parser *p, const lf_attr_desc *keys, const char *owner, const lf_yaml *map);
lf_status lf_recipe_read_quantizer(const lf_parser *p, const char *owner, lf_quantizer *q, const lf_yaml *n);
lf_status lf_recipe_read_weights(const lf_parser *p, lf_quantizer *q, const lf_yaml *n);

/* The list `layers:`; weights and activations that a layer does not give are those of `defaults`. */
lf_status lf_recipe_read_layers(const lf_parser *p, const lf_recipe_layer *defaults, const lf_yaml *root);
/* Who reads whom, sizes, shared steps; once all of the recipe is read. */
lf_status lf_recipe_check_layers(const lf_parser *p, const lf_yaml *root);

#endif

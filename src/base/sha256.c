#include <sha2.h>

#include "base/file.h"

void lf_sha256_hex(const void *data, size_t size, char out[65]) {
    SHA2_CTX c;
    SHA256Init(&c);
    if (size)
        SHA256Update(&c, data, size);
    SHA256End(&c, out);
}

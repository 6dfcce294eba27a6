/*
 * utf8.h - whether bytes are UTF-8.
 */
#ifndef PMKTI_UTF8_H
#define PMKTI_UTF8_H

#include <stdbool.h>
#include <stdint.h>

/* Whether each of `n` strings that lie one after another is UTF-8: no surrogates, nothing longer
   than it need be, nothing beyond U+10FFFF. `bytes` may be NULL if all are empty. */
bool pmkti_are_utf8(const char *bytes, const int64_t *offsets, int64_t n);

#endif

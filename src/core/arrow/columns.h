/*
 * columns.h - the inner loops: bitmaps, widening, scaling, nulls.
 *
 * Inputs are as Arrow lays them out, without a promise of alignment. Bitmaps that come out begin at
 * bit 0, and bits beyond the last row are 0.
 */
#ifndef PMKTI_ARROW_COLUMNS_H
#define PMKTI_ARROW_COLUMNS_H

#include "core/arrow/array.h"

/* 128-bit integers: decimals, and products of them. */
__extension__ typedef __int128 pmkti_wide;
__extension__ typedef unsigned __int128 pmkti_uwide;

/* Rows of work for one task; a multiple of 8, so that tasks share no byte of a bitmap. */
#define PMKTI_ARROW_BLOCK 65536

/* Rows that are converted at a time, in arrays on the stack. */
#define PMKTI_ARROW_STRIDE 512

/* out = bits [at, at + n) of a bitmap; and the same, kept only where they are set in both. */
void pmkti_bits_copy(uint8_t *out, const uint8_t *bits, int64_t at, int64_t n);
void pmkti_bits_and(uint8_t *out, const uint8_t *bits, int64_t at, int64_t n);

/* How many of n bits are set. */
int64_t pmkti_bits_count(const uint8_t *bits, int64_t n);

/* Integers of a kind, from row `from` on, as int64; uint64 by their bits, bool as 0 and 1. */
void pmkti_load_integers(const pmkti_arrow_view *view, int32_t kind, int64_t from, int64_t n,
                         int64_t *out);

/* Integers, float, double and decimals as double; a decimal by one rounding where its digits fit
   53 bits, by two else. */
void pmkti_load_doubles(const pmkti_arrow_view *view, int64_t from, int64_t n, double *out);

/* Integers and the digits of decimals. */
void pmkti_load_wide(const pmkti_arrow_view *view, int64_t from, int64_t n, pmkti_wide *out);

/* Writes `null` to rows [from, to) where the bit of the row is 0. */
void pmkti_fill_null64(uint64_t *out, const uint8_t *valid, int64_t from, int64_t to,
                       uint64_t null);

#endif

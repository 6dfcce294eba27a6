/*
 * codec.h - zstd, piece by piece, for the sections of a file. In a build without zstd everything
 * here is PMKT_E_UNSUPPORTED. The memory of zstd itself is its own (bounded: at most about 100 MB at
 * level 19), not the caller's allocator's.
 */
#ifndef PMKTI_CODEC_H
#define PMKTI_CODEC_H

#include <stdbool.h>

#include "pmkt/base.h"

#define PMKTI_ZSTD_LEVELS 19 /* higher ones need as much memory to read as to write */

/* zstd makes of n bytes at most so many: a run of one byte is a block of 128 KiB in 4 bytes. */
#define PMKTI_ZSTD_RATIO 32768

/* Both sides of a step; it moves the pointers past what was read and written. */
typedef struct pmkti_flow {
    const unsigned char *in;
    size_t n_in;
    unsigned char *out;
    size_t room;
} pmkti_flow;

typedef struct pmkti_codec {
    void *packer, *unpacker; /* one of the two */
} pmkti_codec;

/* PMKT_OK in a build with zstd. */
pmkt_status pmkti_codec_check(pmkt_error *err);

pmkt_status pmkti_packer_begin(pmkti_codec *codec, int level, pmkt_error *err);

/* Takes all of the input as long as there is room; with `end`, *done once everything is written. */
pmkt_status pmkti_pack(pmkti_codec *codec, pmkti_flow *flow, bool end, bool *done, pmkt_error *err);

pmkt_status pmkti_unpacker_begin(pmkti_codec *codec, pmkt_error *err);

/* Unpacks as long as there is input and room; *done at the end of what was packed. PMKT_E_CORRUPT,
   without a message, for what zstd did not write. */
pmkt_status pmkti_unpack(pmkti_codec *codec, pmkti_flow *flow, bool *done, pmkt_error *err);

void pmkti_codec_end(pmkti_codec *codec);

#endif

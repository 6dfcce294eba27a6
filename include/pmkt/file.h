/*
 * file.h - what is common to everything that the library saves.
 *
 * Every handle that can be saved has the same six functions, here for a pmkt_rfm; but a pmkt_intent and
 * a pmkt_purchase, which are solved anew when they are loaded, and a pmkt_logistic, which is a few
 * numbers, have no _map and no _verify, and what a pmkt_tracker has saved is restored into another:
 *
 *   pmkt_rfm_save         to a file, in one step: a reader sees the old file or the new one. A
 *                         symbolic link is replaced, not followed
 *   pmkt_rfm_save_memory  to bytes, for a database or a message
 *   pmkt_rfm_load         reads a file whole, verifies every checksum, keeps nothing of the file
 *   pmkt_rfm_load_memory  the same of bytes
 *   pmkt_rfm_map          uses a file in place: ready in well under a millisecond whatever its size,
 *                         pages are read when they are needed and shared by all processes
 *   pmkt_rfm_verify       reads all of a mapped file and compares every checksum
 *
 * Two ways in, two promises. _load trusts nothing and answers PMKT_E_CORRUPT for any damage. _map
 * verifies the header and the table of sections only and checks what it reads when it reads it, so
 * that a damaged file gives a PMKT_E_CORRUPT or a wrong answer, never a crash; _verify finds what is
 * damaged, though not what is forged together with its checksum. One thing no library can guard
 * against: if a mapped file is truncated in place, the system ends the process that reads it (SIGBUS).
 * Replace files by rename, as _save does, and never write into one. Where others may, use _load.
 *
 * A mapped handle keeps no descriptor open, and goes on with the file that it mapped when another one
 * takes its name, or none; the disk gets the room back when the last handle is freed. Any number of
 * handles and processes may map one file; what one of them changes stays in its own memory.
 *
 * _save writes under a name of its own in the same directory, ".pmkt-<16 digits>.tmp", which only a
 * process that is killed leaves behind. If two save to one path at once, the later one stands there,
 * whole. A symbolic link at the path is replaced, not followed, and of the file that is replaced
 * neither the mode nor the owner is kept. A save that fails leaves what was there, but for one case:
 * if all that fails is putting the new name on the disk, the new file stands there already, and
 * PMKT_E_IO speaks of the directory.
 *
 * A file is the same bytes for equal states, on every machine, if it is not compressed. A newer
 * release reads the files of every older one. What a release cannot read (newer, foreign, of another
 * kind) is PMKT_E_FORMAT.
 *
 * Files do not say when or by whom they were written, and are as private as what they hold: they
 * are created readable by the owner only (mode 0600 less the umask).
 */
#ifndef PMKT_FILE_H
#define PMKT_FILE_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How to save. */
typedef struct pmkt_save_options {
    uint32_t struct_size; /* sizeof(pmkt_save_options) */
    int32_t compression;  /* 0: none; equal states are equal bytes, and the file can be mapped.
                             1 to 19: a level of zstd; smaller, can be loaded but not mapped */
    int32_t unsynced;     /* 1: do not wait for the disk. Readers still see the old file or the
                             new one, but a power cut may lose both; for caches and tests */
    int32_t reserved;     /* 0 */
} pmkt_save_options;

#define PMKT_SAVE_OPTIONS_INIT \
    { sizeof(pmkt_save_options), 0, 0, 0 }

static inline void pmkt_save_options_init(pmkt_save_options *options) {
    const pmkt_save_options defaults = PMKT_SAVE_OPTIONS_INIT;
    *options = defaults;
}

/* How to load or map. */
typedef struct pmkt_load_options {
    uint32_t struct_size;            /* sizeof(pmkt_load_options) */
    uint32_t reserved;               /* 0 */
    const pmkt_allocator *allocator; /* NULL = the C heap; copied */
    int64_t max_bytes;               /* of the new handle, as in its own options; a file that needs
                                        more is PMKT_E_LIMIT; what is mapped does not count;
                                        0 = no limit */
} pmkt_load_options;

#define PMKT_LOAD_OPTIONS_INIT \
    { sizeof(pmkt_load_options), 0, NULL, 0 }

static inline void pmkt_load_options_init(pmkt_load_options *options) {
    const pmkt_load_options defaults = PMKT_LOAD_OPTIONS_INIT;
    *options = defaults;
}

/* ------------------------------------------------------------------- memory */

/* Bytes that a _save_memory call made. */
typedef struct pmkt_buffer pmkt_buffer;

/* The bytes, aligned to 64, borrowed until _free; NULL for NULL. Any number of threads. Since 0.2. */
PMKT_API const void *pmkt_buffer_data(const pmkt_buffer *buffer);

/* How many; 0 for NULL. Any number of threads. Since 0.2. */
PMKT_API size_t pmkt_buffer_size(const pmkt_buffer *buffer);

/* Frees them. Since 0.2. */
PMKT_API void pmkt_buffer_free(pmkt_buffer *buffer);

/* --------------------------------------------------------------- inspection */

/* What a file holds. The numbers are frozen. */
enum {
    PMKT_FILE_RFM = 1,      /* a pmkt_rfm */
    PMKT_FILE_IDS = 2,      /* a pmkt_ids */
    PMKT_FILE_CF = 3,       /* a pmkt_cf */
    PMKT_FILE_INTENT = 4,   /* a pmkt_intent */
    PMKT_FILE_PURCHASE = 5, /* a pmkt_purchase */
    PMKT_FILE_LOGISTIC = 6, /* a pmkt_logistic */
    PMKT_FILE_TRACKER = 7   /* the state of a pmkt_tracker */
};

/* What a file says about itself; filled by pmkt_file_inspect. */
typedef struct pmkt_file_info {
    uint32_t struct_size;   /* in: sizeof(pmkt_file_info) */
    int32_t kind;           /* PMKT_FILE_..., or a number of a later release */
    int32_t format;         /* version of the format that the file is written in */
    int32_t min_reader;     /* the oldest format version whose readers understand it */
    int32_t sections;       /* parts that the file has */
    int32_t compressed;     /* of them, by zstd; the file can be mapped if there are none */
    int64_t bytes;          /* of the file */
    int64_t bytes_unpacked; /* of its sections, without compression */
} pmkt_file_info;

#define PMKT_FILE_INFO_INIT \
    { sizeof(pmkt_file_info), 0, 0, 0, 0, 0, 0, 0 }

static inline void pmkt_file_info_init(pmkt_file_info *info) {
    const pmkt_file_info empty = PMKT_FILE_INFO_INIT;
    *info = empty;
}

/*
 * Reads the header and the table of sections of a file, whatever its kind.
 *
 * Errors: PMKT_E_IO; PMKT_E_FORMAT for what is no file of libpmkt or one whose table this release
 * cannot read; PMKT_E_CORRUPT (where = the byte); PMKT_E_INVALID. Any thread. O(1). Since 0.2.
 */
PMKT_API pmkt_status pmkt_file_inspect(const char *path, pmkt_file_info *info, pmkt_error *err);

/*
 * Reads a whole file, unpacks what is compressed, and compares every checksum. What a handle of its
 * kind demands beyond that (order, ranges) is for _load to check.
 *
 * Errors: as pmkt_file_inspect, and PMKT_E_NOMEM, PMKT_E_CANCELED; PMKT_E_UNSUPPORTED if the library
 * was built without zstd and the file needs it. Any thread. O(bytes). Since 0.2.
 */
PMKT_API pmkt_status pmkt_file_verify(const char *path, const pmkt_run *run, pmkt_error *err);

#ifdef __cplusplus
}
#endif

#endif

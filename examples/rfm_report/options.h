/*
 * options.h - the command line of rfm_report.
 */
#ifndef RFM_REPORT_OPTIONS_H
#define RFM_REPORT_OPTIONS_H

#include <pmkt.h>
#include <stdbool.h>
#include <stdint.h>

/* Exit codes. */
enum {
    EXIT_DONE = 0,
    EXIT_DATA = 1,
    EXIT_USAGE = 2
};

enum {
    TIME_AUTO,
    TIME_SECONDS,
    TIME_MILLISECONDS,
    TIME_ISO
};
enum {
    ON_BAD_SKIP,
    ON_BAD_FAIL
};
enum {
    NEGATIVE_SKIP,
    NEGATIVE_REFUND
};

/* A value of the kind column that is asked to be left out. */
#define KIND_SKIP (-1)
#define MAX_KINDS 64
#define MAX_TIERS 64
#define MAX_NULLS 16

typedef struct kind_name {
    const char *text; /* as in the file */
    int32_t kind;     /* PMKT_KIND_... or KIND_SKIP */
} kind_name;

typedef struct options {
    const char *file; /* "-" is stdin */

    /* columns of the file; NULL = not given */
    const char *user, *time, *order, *amount, *quantity, *price, *kind;

    /* how to read them */
    const char *delimiter_text, *null_text, *kinds_text, *refund_prefix, *tz, *currency;
    char delimiter; /* 0 = guess */
    const char *nulls[MAX_NULLS];
    int n_nulls;
    kind_name kinds[MAX_KINDS];
    int n_kinds;
    int32_t time_unit, tz_offset, exponent, negative, on_bad;
    bool no_amounts, decimal_comma;

    /* what to ask */
    const char *as_of, *m_high_text, *m_low_text, *tiers_text;
    pmkt_rfm_score_options score;
    pmkt_rfm_tier tiers[MAX_TIERS];
    int32_t days; /* of the migration; 0 = none */
    int32_t threads;

    /* what to give */
    const char *out, *offers, *state;
    bool quiet, help, version;
} options;

/*
 * Reads the command line. Complains and returns EXIT_USAGE if something is wrong with it, else
 * EXIT_DONE. The texts that the options point at are those of argv, some of them cut into pieces.
 */
int options_parse(options *out, int argc, char **argv);

/* Prints the help. */
void options_print_help(void);

#endif

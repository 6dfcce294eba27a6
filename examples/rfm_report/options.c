#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "terminal.h"

/* ---------------------------------------------------------------- the table */

typedef enum option_type {
    TEXT,  /* const char * */
    FLAG,  /* bool */
    WORD,  /* int32_t: the place in a list of words */
    WHOLE, /* int32_t in [min, max] */
    BOUND, /* the same, where 0 is written as PMKT_RFM_ZERO: a plain 0 is the library's default */
    REAL   /* double >= 0, likewise */
} option_type;

typedef struct option_spec {
    const char *name;
    option_type type;
    size_t offset; /* of the value in options */
    const char *words;
    int32_t min, max;
} option_spec;

#define AT(member) offsetof(options, member)
#define ANY_DAYS 1000000

static const option_spec specs[] = {
    {"user", TEXT, AT(user), NULL, 0, 0},
    {"time", TEXT, AT(time), NULL, 0, 0},
    {"order", TEXT, AT(order), NULL, 0, 0},
    {"amount", TEXT, AT(amount), NULL, 0, 0},
    {"quantity", TEXT, AT(quantity), NULL, 0, 0},
    {"price", TEXT, AT(price), NULL, 0, 0},
    {"no-amounts", FLAG, AT(no_amounts), NULL, 0, 0},
    {"kind", TEXT, AT(kind), NULL, 0, 0},
    {"kinds", TEXT, AT(kinds_text), NULL, 0, 0},
    {"refund-prefix", TEXT, AT(refund_prefix), NULL, 0, 0},
    {"negative", WORD, AT(negative), "skip|refund", 0, 0},
    {"on-bad", WORD, AT(on_bad), "skip|fail", 0, 0},
    {"null", TEXT, AT(null_text), NULL, 0, 0},
    {"delimiter", TEXT, AT(delimiter_text), NULL, 0, 0},
    {"decimal-comma", FLAG, AT(decimal_comma), NULL, 0, 0},
    {"time-unit", WORD, AT(time_unit), "auto|s|ms|iso", 0, 0},
    {"tz", TEXT, AT(tz), NULL, 0, 0},
    {"tz-offset", WHOLE, AT(tz_offset), NULL, -1440, 1440},
    {"currency", TEXT, AT(currency), NULL, 0, 0},
    {"exponent", WHOLE, AT(exponent), NULL, 0, 6},
    {"as-of", TEXT, AT(as_of), NULL, 0, 0},
    {"days", WHOLE, AT(days), NULL, 0, ANY_DAYS},
    {"scheme", WORD, AT(score.scheme), "threshold|quantile", 0, 0},
    {"bins", WHOLE, AT(score.bins), NULL, 2, 100},
    {"collapse", WORD, AT(score.collapse), "strict|middle-high|mean|median", 0, 0},
    {"active-days", BOUND, AT(score.active_days), NULL, 0, ANY_DAYS},
    {"dormant-days", BOUND, AT(score.dormant_days), NULL, 0, ANY_DAYS},
    {"f-high", REAL, AT(score.f_high), NULL, 0, 0},
    {"f-low", REAL, AT(score.f_low), NULL, 0, 0},
    {"f-window", WHOLE, AT(score.f_window_days), NULL, 1, ANY_DAYS},
    {"m-high", TEXT, AT(m_high_text), NULL, 0, 0},
    {"m-low", TEXT, AT(m_low_text), NULL, 0, 0},
    {"growth-days", BOUND, AT(score.growth_days), NULL, 0, ANY_DAYS},
    {"mature-days", BOUND, AT(score.mature_days), NULL, 0, ANY_DAYS},
    {"churn-days", BOUND, AT(score.churn_days), NULL, 0, ANY_DAYS},
    {"tiers", TEXT, AT(tiers_text), NULL, 0, 0},
    {"tier-days", WHOLE, AT(score.tier_days), NULL, 1, ANY_DAYS},
    {"threads", WHOLE, AT(threads), NULL, 0, 1024},
    {"out", TEXT, AT(out), NULL, 0, 0},
    {"offers", TEXT, AT(offers), NULL, 0, 0},
    {"state", TEXT, AT(state), NULL, 0, 0},
    {"quiet", FLAG, AT(quiet), NULL, 0, 0},
    {"help", FLAG, AT(help), NULL, 0, 0},
    {"version", FLAG, AT(version), NULL, 0, 0},
};
enum {
    SPECS = sizeof specs / sizeof specs[0],
    FIRST_VALUE = 256 /* no character */
};

/* ------------------------------------------------------------------- values */

static bool read_whole(const char *text, long min, long max, int32_t *value) {
    char *end = NULL;
    errno = 0;
    long number = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || number < min || number > max) return false;
    *value = (int32_t)number;
    return true;
}

static bool read_real(const char *text, double *value) {
    char *end = NULL;
    double number = strtod(text, &end); /* the locale is "C": nobody sets it */
    if (end == text || *end != '\0' || !isfinite(number) || number < 0.0) return false;
    *value = number;
    return true;
}

static bool read_word(const char *text, const char *words, int32_t *value) {
    size_t length = strlen(text);
    int32_t place = 0;
    for (const char *word = words; length > 0; place++) {
        size_t word_length = strcspn(word, "|");
        if (word_length == length && memcmp(word, text, length) == 0) {
            *value = place;
            return true;
        }
        if (word[word_length] == '\0') break;
        word += word_length + 1;
    }
    return false;
}

/* Stores one option's value. */
static bool take(options *out, const option_spec *spec, char *text) {
    char *place = (char *)out + spec->offset;
    if (spec->type == FLAG) {
        *(bool *)place = true;
        return true;
    }
    if (spec->type == TEXT) {
        *(const char **)place = text;
        return true;
    }
    if (spec->type == WORD) {
        if (read_word(text, spec->words, (int32_t *)place)) return true;
        complain("--%s is one of %s, not \"%s\"", spec->name, spec->words, text);
        return false;
    }
    if (spec->type == REAL) {
        if (!read_real(text, (double *)place)) {
            complain("--%s is a number from 0 up, not \"%s\"", spec->name, text);
            return false;
        }
        if (*(double *)place == 0.0) *(double *)place = PMKT_RFM_ZERO;
        return true;
    }
    if (!read_whole(text, spec->min, spec->max, (int32_t *)place)) {
        complain("--%s is a whole number from %d to %d, not \"%s\"", spec->name, spec->min,
                 spec->max, text);
        return false;
    }
    if (spec->type == BOUND && *(int32_t *)place == 0) *(int32_t *)place = PMKT_RFM_ZERO;
    return true;
}

/* Cuts the next piece before a comma off *rest; NULL at the end. */
static char *next_piece(char **rest) {
    char *piece = *rest;
    if (piece == NULL) return NULL;
    char *comma = strchr(piece, ',');
    *rest = comma == NULL ? NULL : comma + 1;
    if (comma != NULL) *comma = '\0';
    return piece;
}

/* Splits "name=value" at its last '='; NULL if there is no '=' or no name. */
static char *cut_value(char *piece) {
    char *equals = strrchr(piece, '=');
    if (equals == NULL || equals == piece) return NULL;
    *equals = '\0';
    return equals + 1;
}

static bool take_kinds(options *out) {
    for (char *rest = (char *)out->kinds_text, *piece; (piece = next_piece(&rest)) != NULL;) {
        char *value = cut_value(piece);
        if (value == NULL) {
            complain("--kinds is like \"buy=order,pv=view,other=skip\"; \"%s\" is not", piece);
            return false;
        }
        int32_t kind = strcmp(value, "skip") == 0 ? KIND_SKIP : pmkt_kind_from_name(value);
        if (kind == PMKT_KIND_NONE) {
            complain("--kinds: \"%s\" is no kind of event; --help lists them", value);
            return false;
        }
        if (out->n_kinds == MAX_KINDS) {
            complain("--kinds takes at most %d", MAX_KINDS);
            return false;
        }
        kind_name entry = {piece, kind};
        out->kinds[out->n_kinds++] = entry;
    }
    return true;
}

static bool take_nulls(options *out) {
    for (char *rest = (char *)out->null_text, *piece; (piece = next_piece(&rest)) != NULL;) {
        if (piece[0] == '\0') continue; /* an empty field is always missing */
        if (out->n_nulls == MAX_NULLS) {
            complain("--null takes at most %d texts", MAX_NULLS);
            return false;
        }
        out->nulls[out->n_nulls++] = piece;
    }
    return true;
}

/* ------------------------------------------------------------------- money */

static bool read_money(const options *out, const char *option, const char *text, int64_t *minor) {
    if (pmkt_money_parse(text, strlen(text), out->exponent, minor, NULL) == PMKT_OK &&
        *minor >= 0) {
        return true;
    }
    complain("--%s: \"%s\" is no amount of money from 0 up, such as 200 or 199.50", option, text);
    return false;
}

/* A bound in minor units, where 0 is written as PMKT_RFM_ZERO. */
static bool take_bound(const options *out, const char *option, const char *text, int64_t *minor) {
    if (text == NULL) return true;
    if (!read_money(out, option, text, minor)) return false;
    if (*minor == 0) *minor = PMKT_RFM_ZERO;
    return true;
}

static bool take_tiers(options *out) {
    int64_t n = 0;
    for (char *rest = (char *)out->tiers_text, *piece; (piece = next_piece(&rest)) != NULL;) {
        char *value = cut_value(piece);
        if (value == NULL || n == MAX_TIERS) {
            complain("--tiers is like \"silver=0,gold=5000\", at most %d; \"%s\" is not", MAX_TIERS,
                     piece);
            return false;
        }
        out->tiers[n].name = piece;
        if (!read_money(out, "tiers", value, &out->tiers[n].from_minor)) return false;
        n++;
    }
    out->score.tiers = n > 0 ? out->tiers : NULL;
    out->score.n_tiers = n;
    return true;
}

/* Decimals by ISO 4217 where they are not two. */
static int32_t currency_exponent(const char *code) {
    static const char none[] = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF";
    static const char three[] = "BHD IQD JOD KWD LYD OMR TND";
    if (code == NULL) return 2;
    return strstr(none, code) != NULL ? 0 : strstr(three, code) != NULL ? 3 : 2;
}

static bool take_currency(options *out) {
    const char *code = out->currency;
    if (code != NULL && (strlen(code) != 3 || strspn(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 3)) {
        complain("--currency is a code of three capitals such as CNY or USD, not \"%s\"", code);
        return false;
    }
    if (out->exponent < 0) out->exponent = currency_exponent(code);
    return true;
}

/* ------------------------------------------------------------- all together */

static bool take_delimiter(options *out) {
    const char *text = out->delimiter_text;
    if (text == NULL) return true;
    if (strcmp(text, "tab") == 0 || strcmp(text, "\\t") == 0) text = "\t";
    if (strlen(text) != 1 || strchr("\"\r\n", text[0]) != NULL) {
        complain("--delimiter is one character or the word tab, not \"%s\"", text);
        return false;
    }
    out->delimiter = text[0];
    return true;
}

/* Whether two paths lead to one regular file, which --out would overwrite; NULL leads nowhere. */
static bool is_same_file(const char *a, const char *b) {
    struct stat x, y;
    return a != NULL && b != NULL && stat(a, &x) == 0 && stat(b, &y) == 0 && S_ISREG(x.st_mode) &&
           x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* Options that only make sense together, or not together. */
static bool fits_together(const options *out, bool offset_given) {
    const char *wrong = NULL;
    if (out->tz != NULL && offset_given) wrong = "--tz and --tz-offset exclude each other";
    if (out->amount != NULL && (out->quantity != NULL || out->price != NULL)) {
        wrong = "give --amount, or --quantity and --price, not both";
    }
    if ((out->quantity == NULL) != (out->price == NULL)) {
        wrong = "--quantity and --price go together";
    }
    if (out->no_amounts && (out->amount != NULL || out->price != NULL)) {
        wrong = "--no-amounts excludes --amount, --quantity and --price";
    }
    if (out->refund_prefix != NULL && (out->order == NULL || out->refund_prefix[0] == '\0')) {
        wrong = "--refund-prefix is the beginning of an order id and needs --order";
    }
    if (out->kinds_text != NULL && out->kind == NULL) wrong = "--kinds needs --kind COLUMN";
    if (out->out != NULL && strcmp(out->out, "-") == 0 && !out->quiet) {
        wrong = "--out - writes to stdout, where the report goes; add --quiet";
    }
    if (out->quiet && out->out == NULL && out->state == NULL) {
        wrong = "--quiet without --out or --state would give nothing";
    }
    if (out->score.scheme == PMKT_RFM_THRESHOLD && out->score.bins != 0) {
        wrong = "--bins needs --scheme quantile";
    }
    if (is_same_file(out->out, out->file)) wrong = "--out is the input file";
    if (is_same_file(out->out, out->offers)) wrong = "--out is the file of --offers";
    if (is_same_file(out->state, out->file)) wrong = "--state is the input file";
    if (is_same_file(out->state, out->out)) wrong = "--state is the file of --out";
    if (wrong != NULL) complain("%s", wrong);
    return wrong == NULL;
}

static bool finish(options *out, bool offset_given) {
    return take_currency(out) && take_delimiter(out) && take_kinds(out) && take_nulls(out) &&
           take_bound(out, "m-high", out->m_high_text, &out->score.m_high) &&
           take_bound(out, "m-low", out->m_low_text, &out->score.m_low) && take_tiers(out) &&
           fits_together(out, offset_given);
}

static void set_defaults(options *out) {
    static char usual_nulls[] = "NULL,null,NaN,nan,\\N";
    memset(out, 0, sizeof *out);
    pmkt_rfm_score_options_init(&out->score);
    out->exponent = -1;
    out->days = 90;
    out->null_text = usual_nulls;
}

int options_parse(options *out, int argc, char **argv) {
    struct option list[SPECS + 1];
    memset(list, 0, sizeof list);
    for (int i = 0; i < SPECS; i++) {
        list[i].name = specs[i].name;
        list[i].has_arg = specs[i].type == FLAG ? no_argument : required_argument;
        list[i].val = FIRST_VALUE + i;
    }
    set_defaults(out);
    bool offset_given = false;
    int found;
    while ((found = getopt_long(argc, argv, "h", list, NULL)) != -1) {
        if (found == '?') return EXIT_USAGE; /* getopt has complained */
        const option_spec *spec = found == 'h' ? NULL : &specs[found - FIRST_VALUE];
        if (spec == NULL) {
            out->help = true;
        } else if (!take(out, spec, optarg)) {
            return EXIT_USAGE;
        }
        if (spec != NULL && spec->offset == AT(tz_offset)) offset_given = true;
    }
    if (out->help || out->version) return EXIT_DONE;
    if (optind == argc) {
        complain("which file? Give its name, or - for stdin; --help shows how");
        return EXIT_USAGE;
    }
    if (optind + 1 < argc) {
        complain("one file at a time; \"%s\" is too many", argv[optind + 1]);
        return EXIT_USAGE;
    }
    out->file = argv[optind];
    return finish(out, offset_given) ? EXIT_DONE : EXIT_USAGE;
}

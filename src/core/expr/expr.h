/*
 * expr.h - the one expression language of the library: who belongs to an audience, when a rule
 * fires, what is inferred, which offer a segment gets.
 *
 *     order.count >= 3 and spend between 200 and 500
 *       and not (city in ('Shanghai', 'Suzhou') or last_order < :now - 30 days)
 *
 * A text is compiled once, against a schema (which fields, parameters and functions there are, and
 * their types), into a small immutable program. Any number of threads may evaluate it, over columns
 * or for one row; both give the same answers, bit for bit.
 *
 * Grammar (EBNF; words are case-insensitive, names are not; UTF-8)
 *
 *     expression = all { "or" all } ;
 *     all        = negation { "and" negation } ;
 *     negation   = { "not" } predicate ;
 *     predicate  = sum [ compare sum
 *                      | [ "not" ] "between" sum "and" sum
 *                      | [ "not" ] "in" "(" sum { "," sum } ")"
 *                      | "is" [ "not" ] ( "missing" | "known" ) ] ;
 *     compare    = "=" | "==" | "!=" | "<>" | "<" | "<=" | ">" | ">=" ;
 *     sum        = product { ( "+" | "-" ) product } ;
 *     product    = factor { ( "*" | "/" | "%" ) factor } ;
 *     factor     = { "-" } value ;
 *     value      = "(" expression ")" | literal | parameter | field | call ;
 *     call       = name "(" [ expression { "," expression } ] ")" ;
 *     field      = name ;
 *     parameter  = ( ":" | "$" ) name ;
 *     literal    = "true" | "false" | integer | decimal | id | text | duration | time ;
 *     integer    = digit { digit } ;
 *     decimal    = integer "." integer [ exponent ] | integer exponent ;
 *     exponent   = ( "e" | "E" ) [ "+" | "-" ] integer ;
 *     id         = "0x" hexdigit { hexdigit } ;
 *     text       = "'" { any | "''" } "'" | '"' { any | '""' } '"' ;
 *     duration   = ( integer | decimal ) unit ;
 *     unit       = "ms" | "s" | "sec" | "second" | "seconds" | "min" | "minute" | "minutes"
 *                | "h" | "hour" | "hours" | "d" | "day" | "days" | "w" | "week" | "weeks" ;
 *     time       = ( "date" | "time" ) text ;
 *     name       = word { "." word } ;    word = letter { letter | digit } ;
 *
 * A letter is one of A-Z, a-z, "_" or any character beyond ASCII that is no punctuation. "#" begins
 * a comment, up to the end of the line. `and`, `or`, `not`, `in`, `is`, `between`, `true` and
 * `false` are no names; all other words may be.
 *
 * Types and values. Every type has one value that means "missing"; a masked field is missing:
 *
 *     bool      PMKTI_FALSE, PMKTI_TRUE or PMKTI_UNKNOWN     uint8_t
 *     int       64 bits; missing INT64_MIN                   int64_t
 *     double    missing NaN                                  double
 *     time      ms since 1970 UTC; missing INT64_MIN         int64_t
 *     duration  ms; missing INT64_MIN                        int64_t
 *     text      the id of its bytes; missing PMKT_ID_NONE    uint64_t
 *     id        missing PMKT_ID_NONE                         uint64_t
 *
 * A text is its frozen hash (ids.h) everywhere but in the source: texts and ids can be equal or not,
 * they have no order. Where an id is expected, a text or a positive integer literal is one.
 *
 * Rules
 *  - Three values. Comparing with a missing value is unknown; and, or, not as by Kleene: false and
 *    unknown is false, true or unknown is true. `is missing` and `is known` are never unknown.
 *  - x between a and b is x >= a and x <= b. x in (a, b) is x = a or x = b.
 *  - An int beside a double becomes a double, which rounds it beyond 2^53; all ints of a list or a
 *    range do that has a double in it.
 *  - "/" of two numbers is a double, also of two ints; of two durations too. "%" is of ints, and
 *    the result has the sign of the divisor. time - time is a duration; time +- duration a time;
 *    duration * int a duration.
 *  - What has no answer is missing: an integer beyond 64 bits, a division or remainder by zero, a
 *    double that is infinite or not a number.
 *  - A day is 24 hours. A date or time without offset is of the zone given at compile time.
 *  - Functions of a schema are pure: what is not needed may not be called.
 *
 * Cost of evaluation: O(code * rows); no allocation, no failure. Compiling: O(length * names).
 */
#ifndef PMKTI_EXPR_H
#define PMKTI_EXPR_H

#include "pmkt/ids.h"
#include "pmkt/time.h"

/* The truth values. The order makes `and` the least, `or` the greatest. */
enum {
    PMKTI_FALSE = 0,
    PMKTI_UNKNOWN = 1,
    PMKTI_TRUE = 2
};

enum {
    PMKTI_EXPR_BOOL = 1,
    PMKTI_EXPR_INT = 2,
    PMKTI_EXPR_DOUBLE = 3,
    PMKTI_EXPR_TIME = 4,
    PMKTI_EXPR_DURATION = 5,
    PMKTI_EXPR_TEXT = 6,
    PMKTI_EXPR_ID = 7
};

/* One value of a type that both sides know: i for int, time, duration and bool (as PMKTI_FALSE ...),
   d for double, id for text and id. */
typedef union pmkti_value {
    int64_t i;
    double d;
    uint64_t id;
} pmkti_value;

/* The missing value of a type. */
pmkti_value pmkti_expr_missing(int32_t type);

/* ------------------------------------------------------------------- schema */

#define PMKTI_EXPR_MAX_ARGS 8

/* A field or a parameter. Its number is its place in the schema's array. */
typedef struct pmkti_expr_name {
    const char *name; /* as by the grammar; no two alike */
    int32_t type;
} pmkti_expr_name;

/* What a function is told besides its arguments. */
typedef struct pmkti_expr_call {
    void *ctx;   /* of the function, from the schema */
    void *input; /* of the evaluation, from the caller */
    int64_t row; /* the row, or the first of the rows */
} pmkti_expr_call;

/*
 * A function. It must be pure (equal arguments and row, equal result), callable from several
 * threads at once, and both forms must agree. Arguments may be missing; bools are PMKTI_... values.
 *
 *   on_row    one call
 *   on_batch  `n` calls, or NULL: on_row is called for each. args[k] is a column [n] of the C type of
 *             its type; out is such a column of the result; they do not overlap
 */
typedef struct pmkti_expr_function {
    const char *name;
    int32_t result;
    int32_t n_args;
    int32_t args[PMKTI_EXPR_MAX_ARGS];
    pmkti_value (*on_row)(const pmkti_expr_call *call, const pmkti_value *args);
    void (*on_batch)(const pmkti_expr_call *call, const void *const *args, int64_t n, void *out);
    void *ctx;
} pmkti_expr_function;

/* What an expression may speak of. Borrowed for the call; function ctx for the program's life. */
typedef struct pmkti_expr_schema {
    const pmkti_expr_name *fields;
    int32_t n_fields;
    const pmkti_expr_name *params;
    int32_t n_params;
    const pmkti_expr_function *functions;
    int32_t n_functions;
    const pmkt_zone *zone; /* of dates without offset; NULL = UTC */
} pmkti_expr_schema;

/* ------------------------------------------------------------------ compile */

/* Limits on a text from outside, and what is expected of it; 0 = the default. */
typedef struct pmkti_expr_options {
    int32_t result;     /* the type it must have: PMKTI_EXPR_...; 0 = any */
    int32_t max_length; /* bytes; 65,536, at most 1,048,576 */
    int32_t max_depth;  /* parentheses and calls in one another; 50, at most 200 */
    int32_t max_nodes;  /* operators, names, literals; 20,000, at most 1,000,000 */
    int32_t max_list;   /* of one `in`; 10,000, at most 1,000,000 */
    int32_t max_params; /* different ones that are used; 256, at most 65,536 */
} pmkti_expr_options;

/* A compiled expression: immutable, one block of memory. */
typedef struct pmkti_expr pmkti_expr;

/*
 * Compiles a text.
 *
 *   allocator  of the program and of what compiling needs; NULL = the C heap
 *   options    NULL = defaults
 *   program    out
 *
 * Errors: PMKT_E_PARSE: the text is not an expression, or not of the right types; where = the byte,
 * and the message begins "line 1, column 14: ", counted from 1, columns in characters. PMKT_E_LIMIT,
 * with the place as well. PMKT_E_INVALID: the schema or an option is wrong. PMKT_E_NOMEM.
 */
pmkt_status pmkti_expr_compile(const pmkt_allocator *allocator, const pmkti_expr_schema *schema,
                               const char *text, size_t length, const pmkti_expr_options *options,
                               pmkti_expr **program, pmkt_error *err);

/*
 * The same of an expression that stands within a longer text, in text[from, end), from <= end. The
 * places of errors are those in the whole text.
 */
pmkt_status pmkti_expr_compile_part(const pmkt_allocator *allocator,
                                    const pmkti_expr_schema *schema, const char *text, size_t from,
                                    size_t end, const pmkti_expr_options *options,
                                    pmkti_expr **program, pmkt_error *err);

/* Frees a program; NULL is fine. */
void pmkti_expr_free(pmkti_expr *program);

/* The type of the result. */
int32_t pmkti_expr_type(const pmkti_expr *program);

/* The numbers of the fields, or of the parameters, that the program uses, ascending; *n of them.
   What is not among them need not be there when it is evaluated. */
const int32_t *pmkti_expr_fields(const pmkti_expr *program, int32_t *n);
const int32_t *pmkti_expr_params(const pmkti_expr *program, int32_t *n);

/* Memory of the program. */
size_t pmkti_expr_bytes(const pmkti_expr *program);

/*
 * Writes the program as text, as snprintf does: at most `room` bytes with the final NUL, and
 * returns the length of the whole. Compiling that text against the same schema gives the same
 * program.
 */
size_t pmkti_expr_print(const pmkti_expr *program, char *text, size_t room);

/* ----------------------------------------------------------------- evaluate */

/* How a column is stored. */
enum {
    PMKTI_EXPR_NATIVE = 0, /* the C type of the field's type; bools: 0 and 1, all else missing */
    PMKTI_EXPR_INT32 = 1,  /* of an int field: int32_t, missing INT32_MIN */
    PMKTI_EXPR_CODE32 = 2 /* of a text or id field: int32_t, a place in `ids`; others are missing */
};

/* A column of one field. All zero: the field is masked, every row is missing. */
typedef struct pmkti_expr_column {
    const void *data;     /* [rows], aligned to its type */
    const uint8_t *valid; /* NULL, or bit i % 8 of byte i / 8: 0 = row i is missing */
    const uint64_t *ids;  /* of PMKTI_EXPR_CODE32: [n_ids] */
    int64_t n_ids;
    int32_t storage;
} pmkti_expr_column;

/* What is the same for all rows. */
typedef struct pmkti_expr_input {
    const pmkti_expr_column *columns; /* [fields of the schema]; only those used are looked at */
    const pmkti_value *params;        /* [parameters of the schema]; the same */
    void *input;                      /* for functions */
} pmkti_expr_input;

/* Rows that are worked on at a time. */
#define PMKTI_EXPR_BATCH 256

/* Bytes that pmkti_expr_batch needs as scratch, aligned to 64. */
size_t pmkti_expr_scratch(const pmkti_expr *program);

/*
 * Evaluates rows [first, first + n).
 *
 *   out  [n] of the C type of the program's type: uint8_t (PMKTI_FALSE ...) for a condition
 *
 * Any number of threads, each with its own scratch. No allocation.
 */
void pmkti_expr_batch(const pmkti_expr *program, const pmkti_expr_input *input, int64_t first,
                      int64_t n, void *scratch, void *out);

/*
 * Evaluates one row, whose fields are values rather than columns.
 *
 *   fields  [fields of the schema]; only those used are looked at
 *   params  [parameters of the schema]; the same
 *   input   for functions
 *   row     for functions
 *
 * Any number of threads. No allocation.
 */
pmkti_value pmkti_expr_row(const pmkti_expr *program, const pmkti_value *fields,
                           const pmkti_value *params, void *input, int64_t row);

#endif

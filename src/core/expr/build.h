/*
 * build.h - what the stages of compiling share: tokens (lex.c), the tree and its types (parse.c,
 * check.c, fold.c), the code (emit.c). The first failure is kept in the builder; after it, every
 * stage returns -1 or false at once.
 */
#ifndef PMKTI_EXPR_BUILD_H
#define PMKTI_EXPR_BUILD_H

#include "core/error.h"
#include "core/expr/program.h"

typedef enum pmkti_token_kind {
    PMKTI_TOKEN_END,
    PMKTI_TOKEN_NAME,
    PMKTI_TOKEN_INT,
    PMKTI_TOKEN_DECIMAL,
    PMKTI_TOKEN_ID,
    PMKTI_TOKEN_TEXT,
    PMKTI_TOKEN_PARAM,
    PMKTI_TOKEN_OPEN,
    PMKTI_TOKEN_CLOSE,
    PMKTI_TOKEN_COMMA,
    PMKTI_TOKEN_PLUS,
    PMKTI_TOKEN_MINUS,
    PMKTI_TOKEN_TIMES,
    PMKTI_TOKEN_DIVIDE,
    PMKTI_TOKEN_REST,
    PMKTI_TOKEN_EQ, /* the comparisons in the order of their operations */
    PMKTI_TOKEN_NE,
    PMKTI_TOKEN_LT,
    PMKTI_TOKEN_LE,
    PMKTI_TOKEN_GT,
    PMKTI_TOKEN_GE,
    PMKTI_TOKEN_AND,
    PMKTI_TOKEN_OR,
    PMKTI_TOKEN_NOT,
    PMKTI_TOKEN_IN,
    PMKTI_TOKEN_IS,
    PMKTI_TOKEN_BETWEEN,
    PMKTI_TOKEN_TRUE,
    PMKTI_TOKEN_FALSE
} pmkti_token_kind;

typedef struct pmkti_token {
    pmkti_token_kind kind;
    int32_t at, length; /* of a parameter with its ':', of a text with its quotes */
    pmkti_value value;  /* of INT, DECIMAL and ID */
} pmkti_token;

/* An array that grows; the element's size is known to who uses it. */
typedef struct pmkti_vector {
    void *at;
    int32_t n, room;
} pmkti_vector;

typedef struct pmkti_builder {
    pmkt_allocator allocator;
    const pmkti_expr_schema *schema;
    pmkt_zone zone;
    pmkti_expr_options limits; /* all set */
    const char *text;
    int32_t from, length; /* the expression is text[from, length) */
    pmkti_token token;    /* the next one */
    int32_t depth, n_params;
    pmkti_vector nodes;     /* pmkti_expr_node */
    pmkti_vector texts;     /* char */
    pmkti_vector code;      /* pmkti_code */
    pmkti_vector literals;  /* pmkti_value */
    pmkti_vector sets;      /* pmkti_value */
    pmkti_vector functions; /* pmkti_expr_function */
    pmkti_vector stack;     /* of the stage */
    uint8_t *used;          /* [fields + params + 1]: 1 = used */
    int32_t n_registers;
    pmkt_status status;
    pmkt_error *err;
} pmkti_builder;

/* ---------------------------------------------------------------- build.c */

/* Makes room for n more elements and gives the first of them, zeroed; NULL, with the status set, if
   there is no memory. */
void *pmkti_expr_push(pmkti_builder *b, pmkti_vector *v, int32_t n, size_t size);

static inline pmkti_expr_node *pmkti_expr_node_at(const pmkti_builder *b, int32_t node) {
    return (pmkti_expr_node *)b->nodes.at + node;
}

/* ---------------------------------------------------------------- message.c */

#define PMKTI_SPOT 44

/* A failure at a byte of the text; the message begins with its line and column. Always -1. */
int32_t pmkti_expr_fail(pmkti_builder *b, int32_t at, const char *format, ...) PMKTI_PRINTF(3, 4);

/* The same with PMKT_E_LIMIT. */
int32_t pmkti_expr_limit(pmkti_builder *b, int32_t at, const char *format, ...) PMKTI_PRINTF(3, 4);

/* What stands at a place of the text, cut to what a message can hold, without control characters. */
const char *pmkti_expr_spot(const pmkti_builder *b, int32_t at, int32_t length,
                            char spot[PMKTI_SPOT]);

/* "a whole number" and the like. */
const char *pmkti_expr_type_name(int32_t type);

/* How an operation is written. */
const char *pmkti_expr_op_name(int32_t op);

/* -------------------------------------------------------------------- lex.c */

/* Refuses what is not UTF-8 or has control characters. */
bool pmkti_expr_lex_check(pmkti_builder *b);

/* Bytes of the letter at a place, 0 if there is none. */
int32_t pmkti_expr_letter(const char *text, int32_t length, int32_t at);

/* Reads the token at byte `at` into b->token. */
bool pmkti_expr_lex(pmkti_builder *b, int32_t at);

/* Reads the token after the present one. */
static inline bool pmkti_expr_lex_next(pmkti_builder *b) {
    return pmkti_expr_lex(b, b->token.at + b->token.length);
}

/* ------------------------------------------------------------------- names.c */

/* Errors: PMKT_E_INVALID. */
pmkt_status pmkti_expr_schema_check(const pmkti_expr_schema *schema, pmkt_error *err);

typedef enum pmkti_name_kind {
    PMKTI_A_FIELD,
    PMKTI_A_PARAM,
    PMKTI_A_FUNCTION
} pmkti_name_kind;

/* The number of a name in the schema; -1 and a failure, with the nearest one that is there, if it is
   not known. */
int32_t pmkti_expr_find_name(pmkti_builder *b, pmkti_name_kind kind, int32_t at, int32_t length);

/* Whether a word of the text is one of ours, whatever its case. */
bool pmkti_expr_is_word(const char *text, int32_t length, const char *word);

/* ------------------------------------------------------------------ number.c */

/* Reads a decimal number in whatever locale; false if it is not finite or too long. */
bool pmkti_expr_decimal_read(const char *text, int32_t length, double *number);

/* Writes one so that reading gives the same; returns the length. */
#define PMKTI_DECIMAL_ROOM 40
int32_t pmkti_expr_decimal_write(double number, char text[PMKTI_DECIMAL_ROOM]);

/* ------------------------------------------------------------------- parse.c */

/* The whole text; the root node. */
int32_t pmkti_expr_parse(pmkti_builder *b);

/* Milliseconds of the unit that is the next token, or 0. */
int64_t pmkti_expr_unit(const pmkti_builder *b);

/* ------------------------------------------------------------------- check.c */

/* Nodes of known types; -1 if the types do not fit. `at` is where an operator stands. */
int32_t pmkti_expr_make_literal(pmkti_builder *b, int32_t type, pmkti_value value, int32_t at);
int32_t pmkti_expr_make_unary(pmkti_builder *b, pmkti_op op, int32_t a, int32_t at);
int32_t pmkti_expr_make_binary(pmkti_builder *b, pmkti_op op, int32_t a, int32_t c, int32_t at);
int32_t pmkti_expr_make_between(pmkti_builder *b, int32_t a, int32_t low, int32_t high, int32_t at);
int32_t pmkti_expr_make_in(pmkti_builder *b, int32_t a, int32_t first, int32_t at);
int32_t pmkti_expr_make_call(pmkti_builder *b, int32_t function, int32_t first, int32_t at,
                             int32_t length);

/* A new node, all zero but a, b, next = -1. */
int32_t pmkti_expr_make_node(pmkti_builder *b, pmkti_node_kind kind, int32_t type, int32_t at);

/* Keeps text for a node. */
bool pmkti_expr_keep_text(pmkti_builder *b, int32_t node, const char *text, int32_t length);

/* -------------------------------------------------------------------- fold.c */

/* Makes a literal of a node whose operands are literals, if its value can be written as one. */
void pmkti_expr_fold(pmkti_builder *b, int32_t node);

/* The value of a literal as what it is used as. */
pmkti_value pmkti_expr_literal_value(const pmkti_expr_node *node);

/* -------------------------------------------------------------------- emit.c */

bool pmkti_expr_emit(pmkti_builder *b, int32_t root);

#endif

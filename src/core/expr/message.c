#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/expr/build.h"

/* Lines and columns count from 1; a column is a character. */
static void locate(const pmkti_builder *b, int32_t at, int32_t *line, int32_t *column) {
    *line = *column = 1;
    for (int32_t i = 0; i < at; i++) {
        if (b->text[i] == '\n') {
            ++*line;
            *column = 1;
        } else if (((unsigned char)b->text[i] & 0xc0) != 0x80) {
            ++*column;
        }
    }
}

static int32_t fail(pmkti_builder *b, pmkt_status status, int32_t at, const char *format,
                    va_list args) PMKTI_PRINTF(4, 0);

static int32_t fail(pmkti_builder *b, pmkt_status status, int32_t at, const char *format,
                    va_list args) {
    if (b->status) return -1; /* the first one counts */
    b->status = status;
    if (!b->err) return -1;
    const int saved_errno = errno;
    char what[sizeof b->err->message];
    int32_t line = 0, column = 0;
    (void)vsnprintf(what, sizeof what, format, args);
    locate(b, at, &line, &column);
    (void)pmkti_fail_at(b->err, status, PMKT_WHERE_BYTE, at, "line %d, column %d: %s", (int)line,
                        (int)column, what);
    errno = saved_errno;
    return -1;
}

int32_t pmkti_expr_fail(pmkti_builder *b, int32_t at, const char *format, ...) {
    va_list args;
    va_start(args, format);
    (void)fail(b, PMKT_E_PARSE, at, format, args);
    va_end(args);
    return -1;
}

int32_t pmkti_expr_limit(pmkti_builder *b, int32_t at, const char *format, ...) {
    va_list args;
    va_start(args, format);
    (void)fail(b, PMKT_E_LIMIT, at, format, args);
    va_end(args);
    return -1;
}

const char *pmkti_expr_spot(const pmkti_builder *b, int32_t at, int32_t length,
                            char spot[PMKTI_SPOT]) {
    if (length == 0) return memcpy(spot, "the end", sizeof "the end");
    int32_t n = length;
    if (n > PMKTI_SPOT - 8) {
        n = PMKTI_SPOT - 8;
        while (((unsigned char)b->text[at + n] & 0xc0) == 0x80) n--; /* whole characters */
    }
    char *to = spot;
    *to++ = '"';
    for (int32_t i = at; i < at + n; i++)
        *to++ = (unsigned char)b->text[i] < ' ' ? ' ' : b->text[i];
    for (int32_t i = 0; n < length && i < 3; i++) *to++ = '.';
    *to++ = '"';
    *to = '\0';
    return spot;
}

const char *pmkti_expr_type_name(int32_t type) {
    static const char *const NAMES[] = {"nothing",          "a condition", "a whole number",
                                        "a decimal number", "a time",      "a duration",
                                        "a text",           "an id"};
    return NAMES[type];
}

const char *pmkti_expr_op_name(int32_t op) {
    static const char *const NAMES[] = {
        "=", "!=", "<",   "<=", ">",   ">=", "+",          "-",       "*",
        "/", "%",  "and", "or", "not", "-",  "is missing", "is known"};
    return NAMES[op];
}

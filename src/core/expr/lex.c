#include <string.h>

#include "core/expr/build.h"

/* ---------------------------------------------------------------- characters */

/* The character at a place and its bytes; 0 bytes if that is no UTF-8. */
static int32_t decode(const char *text, int32_t length, int32_t at, uint32_t *character) {
    const unsigned char *s = (const unsigned char *)text + at;
    const int32_t left = length - at;
    const uint32_t first = s[0];
    if (first < 0x80) return *character = first, 1;
    const int32_t n = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || left < n) return 0;
    uint32_t c = first & (0x7fU >> n);
    for (int32_t i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80) return 0;
        c = c << 6 | (s[i] & 0x3fU);
    }
    if ((n == 3 && c < 0x800) || (n == 4 && c < 0x10000) || c > 0x10ffff) return 0;
    if (c >= 0xd800 && c <= 0xdfff) return 0;
    *character = c;
    return n;
}

bool pmkti_expr_lex_check(pmkti_builder *b) {
    for (int32_t at = b->from; at < b->length;) {
        uint32_t c = 0;
        const int32_t n = decode(b->text, b->length, at, &c);
        if (n == 0) return pmkti_expr_fail(b, at, "this is not UTF-8"), false;
        if ((c < ' ' && c != '\t' && c != '\n' && c != '\r') || c == 0x7f) {
            return pmkti_expr_fail(b, at, "unexpected control character %u", (unsigned)c), false;
        }
        at += n;
    }
    return true;
}

/* What beyond ASCII is punctuation rather than part of a name, where keyboards have it. */
static bool is_punctuation(uint32_t c) {
    static const uint32_t RANGES[][2] = {
        {0x80, 0xbf},     {0xd7, 0xd7},     {0xf7, 0xf7},     {0x2000, 0x206f},
        {0x3000, 0x3004}, {0x3008, 0x303f}, {0xfe10, 0xfe6f}, {0xfeff, 0xff0f},
        {0xff1a, 0xff20}, {0xff3b, 0xff40}, {0xff5b, 0xff65}, {0xffe0, 0xffff},
    };
    for (size_t i = 0; i < sizeof RANGES / sizeof *RANGES; i++) {
        if (c >= RANGES[i][0] && c <= RANGES[i][1]) return true;
    }
    return false;
}

int32_t pmkti_expr_letter(const char *text, int32_t length, int32_t at) {
    if (at >= length) return 0;
    const char first = text[at];
    if ((first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z') || first == '_') return 1;
    if ((unsigned char)first < 0x80) return 0;
    uint32_t c = 0;
    const int32_t n = decode(text, length, at, &c);
    return is_punctuation(c) ? 0 : n;
}

static bool is_digit(const pmkti_builder *b, int32_t at) {
    return at < b->length && b->text[at] >= '0' && b->text[at] <= '9';
}

static bool is_char(const pmkti_builder *b, int32_t at, char c) {
    return at < b->length && b->text[at] == c;
}

/* ------------------------------------------------------------------- tokens */

static bool set(pmkti_builder *b, pmkti_token_kind kind, int32_t at, int32_t end) {
    b->token.kind = kind;
    b->token.at = at;
    b->token.length = end - at;
    return true;
}

/* The end of a word { "." word } that begins at `at`; `at` itself if none does. */
static int32_t end_of_name(const pmkti_builder *b, int32_t at) {
    int32_t end = at;
    for (;;) {
        int32_t n = pmkti_expr_letter(b->text, b->length, end);
        if (n == 0) return end > at ? end - 1 : at; /* without the point */
        while (n > 0) {
            end += n;
            n = is_digit(b, end) ? 1 : pmkti_expr_letter(b->text, b->length, end);
        }
        if (!is_char(b, end, '.')) return end;
        end++;
    }
}

static bool lex_name(pmkti_builder *b, int32_t at) {
    static const struct {
        const char *word;
        pmkti_token_kind kind;
    } WORDS[] = {{"and", PMKTI_TOKEN_AND},   {"or", PMKTI_TOKEN_OR},
                 {"not", PMKTI_TOKEN_NOT},   {"in", PMKTI_TOKEN_IN},
                 {"is", PMKTI_TOKEN_IS},     {"between", PMKTI_TOKEN_BETWEEN},
                 {"true", PMKTI_TOKEN_TRUE}, {"false", PMKTI_TOKEN_FALSE}};
    const int32_t end = end_of_name(b, at);
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++) {
        if (pmkti_expr_is_word(b->text + at, end - at, WORDS[i].word)) {
            return set(b, WORDS[i].kind, at, end);
        }
    }
    return set(b, PMKTI_TOKEN_NAME, at, end);
}

static int32_t hex_digit(const pmkti_builder *b, int32_t at) {
    if (is_digit(b, at)) return b->text[at] - '0';
    const char c = (char)(at < b->length ? b->text[at] | 0x20 : 0);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool lex_id(pmkti_builder *b, int32_t at) {
    uint64_t id = 0;
    int32_t end = at + 2;
    for (int32_t digit = hex_digit(b, end); digit >= 0; digit = hex_digit(b, ++end)) {
        if (id >> 60) return pmkti_expr_fail(b, at, "an id has at most 64 bits"), false;
        id = id << 4 | (uint64_t)digit;
    }
    if (end == at + 2) {
        return pmkti_expr_fail(b, at, "expected hexadecimal digits after 0x"), false;
    }
    if (id == 0) return pmkti_expr_fail(b, at, "0 is no id"), false;
    b->token.value.id = id;
    return set(b, PMKTI_TOKEN_ID, at, end);
}

static bool lex_int(pmkti_builder *b, int32_t at, int32_t end) {
    int64_t number = 0;
    for (int32_t i = at; i < end; i++) {
        const int64_t digit = b->text[i] - '0';
        if (number > (INT64_MAX - digit) / 10) {
            return pmkti_expr_fail(b, at, "this number is beyond 64 bits, at most %lld",
                                   (long long)INT64_MAX),
                   false;
        }
        number = number * 10 + digit;
    }
    b->token.value.i = number;
    return set(b, PMKTI_TOKEN_INT, at, end);
}

static bool lex_number(pmkti_builder *b, int32_t at) {
    if (b->text[at] == '0' && (is_char(b, at + 1, 'x') || is_char(b, at + 1, 'X'))) {
        return lex_id(b, at);
    }
    int32_t end = at;
    bool is_decimal = false;
    while (is_digit(b, end)) end++;
    if (is_char(b, end, '.') && is_digit(b, end + 1)) {
        is_decimal = true;
        for (end++; is_digit(b, end);) end++;
    }
    if (is_char(b, end, 'e') || is_char(b, end, 'E')) {
        const int32_t sign = is_char(b, end + 1, '+') || is_char(b, end + 1, '-');
        if (is_digit(b, end + 1 + sign)) {
            is_decimal = true;
            for (end += 1 + sign; is_digit(b, end);) end++;
        }
    }
    if (!is_decimal) return lex_int(b, at, end);
    if (!pmkti_expr_decimal_read(b->text + at, end - at, &b->token.value.d)) {
        return pmkti_expr_fail(b, at, "this number is too large or too long"), false;
    }
    return set(b, PMKTI_TOKEN_DECIMAL, at, end);
}

static bool lex_text(pmkti_builder *b, int32_t at) {
    const char quote = b->text[at];
    for (int32_t end = at + 1; end < b->length && b->text[end] != '\n'; end++) {
        if (b->text[end] != quote) continue;
        if (!is_char(b, end + 1, quote)) return set(b, PMKTI_TOKEN_TEXT, at, end + 1);
        end++;
    }
    pmkti_expr_fail(b, at, "this text has no closing %c on its line", quote);
    return false;
}

/* Says what to write where a keyboard gave a look-alike. */
static bool unexpected(pmkti_builder *b, int32_t at) {
    uint32_t c = 0;
    char spot[PMKTI_SPOT], instead[2] = "";
    const int32_t n = decode(b->text, b->length, at, &c);
    if (c >= 0xff01 && c <= 0xff5e) instead[0] = (char)(c - 0xfee0);
    if (c == 0x3000 || c == 0xa0) instead[0] = ' ';
    if (c == 0x2018 || c == 0x2019) instead[0] = '\'';
    if (c == 0x201c || c == 0x201d) instead[0] = '"';
    if (c == 0x3001) instead[0] = ',';
    (void)pmkti_expr_spot(b, at, n, spot);
    if (*instead) {
        pmkti_expr_fail(b, at, "unexpected character %s; write %s instead", spot,
                        *instead == ' ' ? "a plain space" : instead);
    } else {
        pmkti_expr_fail(b, at, "unexpected character %s", spot);
    }
    return false;
}

static bool lex_symbol(pmkti_builder *b, int32_t at) {
    static const struct {
        char symbol[3];
        pmkti_token_kind kind;
    } SYMBOLS[] = {/* the longer ones first */
                   {"<=", PMKTI_TOKEN_LE},   {">=", PMKTI_TOKEN_GE},   {"<>", PMKTI_TOKEN_NE},
                   {"!=", PMKTI_TOKEN_NE},   {"==", PMKTI_TOKEN_EQ},   {"=", PMKTI_TOKEN_EQ},
                   {"<", PMKTI_TOKEN_LT},    {">", PMKTI_TOKEN_GT},    {"(", PMKTI_TOKEN_OPEN},
                   {")", PMKTI_TOKEN_CLOSE}, {",", PMKTI_TOKEN_COMMA}, {"+", PMKTI_TOKEN_PLUS},
                   {"-", PMKTI_TOKEN_MINUS}, {"*", PMKTI_TOKEN_TIMES}, {"/", PMKTI_TOKEN_DIVIDE},
                   {"%", PMKTI_TOKEN_REST}};
    for (size_t i = 0; i < sizeof SYMBOLS / sizeof *SYMBOLS; i++) {
        const int32_t n = (int32_t)strlen(SYMBOLS[i].symbol);
        if (at + n <= b->length && memcmp(b->text + at, SYMBOLS[i].symbol, (size_t)n) == 0) {
            return set(b, SYMBOLS[i].kind, at, at + n);
        }
    }
    if (is_char(b, at, ':') || is_char(b, at, '$')) {
        const int32_t end = end_of_name(b, at + 1);
        if (end > at + 1) return set(b, PMKTI_TOKEN_PARAM, at, end);
        return pmkti_expr_fail(b, at, "expected a parameter's name after %c", b->text[at]), false;
    }
    return unexpected(b, at);
}

bool pmkti_expr_lex(pmkti_builder *b, int32_t at) {
    if (at == 0 && b->length >= 3 && memcmp(b->text, "\xef\xbb\xbf", 3) == 0) at = 3; /* a mark */
    while (at < b->length) {
        const char c = b->text[at];
        if (c == '#') {
            while (at < b->length && b->text[at] != '\n') at++;
        } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
            at++;
        } else {
            break;
        }
    }
    if (at == b->length) return set(b, PMKTI_TOKEN_END, at, at);
    if (is_digit(b, at)) return lex_number(b, at);
    if (pmkti_expr_letter(b->text, b->length, at)) return lex_name(b, at);
    if (b->text[at] == '\'' || b->text[at] == '"') return lex_text(b, at);
    return lex_symbol(b, at);
}

/*
 * lex.c - the tokens of rules: those of expressions, and braces.
 */
#include <string.h>

#include "intent/rules/parse.h"

/* The first byte from `at` on that is no space and in no comment. */
static int32_t skip(const pmkti_builder *b, int32_t at) {
    if (at == 0 && b->length >= 3 && memcmp(b->text, "\xef\xbb\xbf", 3) == 0) at = 3; /* a mark */
    for (; at < b->length; at++) {
        const char c = b->text[at];
        if (c == '#') {
            while (at < b->length && b->text[at] != '\n') at++;
        } else if (c != ' ' && c != '\t' && c != '\n' && c != '\r') {
            break;
        }
    }
    return at < b->length ? at : b->length;
}

bool pmkti_rules_lex(pmkti_rules_parser *p, int32_t at) {
    if (p->b.status) return false;
    at = skip(&p->b, at);
    const char c = at < p->b.length ? p->b.text[at] : '\0';
    p->brace = c == '{' || c == '}' ? c : '\0';
    if (!p->brace) return pmkti_expr_lex(&p->b, at);
    p->b.token = (pmkti_token){.kind = PMKTI_TOKEN_END, .at = at, .length = 1};
    return true;
}

bool pmkti_rules_next(pmkti_rules_parser *p) {
    return pmkti_rules_lex(p, p->b.token.at + p->b.token.length);
}

bool pmkti_rules_expected(pmkti_rules_parser *p, const char *what) {
    char spot[PMKTI_SPOT];
    const pmkti_token *t = &p->b.token;
    pmkti_expr_fail(&p->b, t->at, "expected %s, but found %s", what,
                    pmkti_expr_spot(&p->b, t->at, t->length, spot));
    return false;
}

bool pmkti_rules_is(const pmkti_rules_parser *p, const char *word) {
    const pmkti_token *t = &p->b.token;
    return !p->brace && t->length > 0 && pmkti_expr_is_word(p->b.text + t->at, t->length, word);
}

bool pmkti_rules_accept(pmkti_rules_parser *p, const char *word) {
    return pmkti_rules_is(p, word) && pmkti_rules_next(p);
}

bool pmkti_rules_expect(pmkti_rules_parser *p, const char *word, const char *what) {
    return pmkti_rules_is(p, word) ? pmkti_rules_next(p) : pmkti_rules_expected(p, what);
}

bool pmkti_rules_brace(pmkti_rules_parser *p, char brace, const char *what) {
    return p->brace == brace ? pmkti_rules_next(p) : pmkti_rules_expected(p, what);
}

/* Room for n bytes and a NUL in `chars`; their place, or -1. */
static int32_t keep(pmkti_rules_parser *p, int32_t n) {
    const int32_t at = p->made->chars.n;
    return pmkti_expr_push(&p->b, &p->made->chars, n + 1, 1) ? at : -1;
}

bool pmkti_rules_name(pmkti_rules_parser *p, const char *what, int32_t *name) {
    const pmkti_token t = p->b.token;
    if (p->brace || t.kind != PMKTI_TOKEN_NAME) return pmkti_rules_expected(p, what);
    if (t.length > PMKTI_RULES_NAME) {
        pmkti_expr_limit(&p->b, t.at, "this name has %d bytes, but %d are the most", (int)t.length,
                         PMKTI_RULES_NAME);
        return false;
    }
    *name = keep(p, t.length);
    if (*name < 0) return false;
    memcpy((char *)p->made->chars.at + *name, p->b.text + t.at, (size_t)t.length);
    return pmkti_rules_next(p);
}

bool pmkti_rules_quoted(pmkti_rules_parser *p, int32_t *text) {
    const pmkti_token t = p->b.token;
    if (p->brace || t.kind != PMKTI_TOKEN_TEXT) return pmkti_rules_expected(p, "a text in quotes");
    if (t.length == 2) return pmkti_expr_fail(&p->b, t.at, "this text is empty"), false;
    const char quote = p->b.text[t.at];
    *text = keep(p, t.length - 2);
    if (*text < 0) return false;
    char *to = (char *)p->made->chars.at + *text;
    int32_t n = 0;
    for (int32_t i = t.at + 1; i < t.at + t.length - 1; i++) { /* a doubled quote is one */
        to[n++] = p->b.text[i];
        if (p->b.text[i] == quote) i++;
    }
    to[n] = '\0';
    p->made->chars.n = *text + n + 1;
    return pmkti_rules_next(p);
}

bool pmkti_rules_duration(pmkti_rules_parser *p, int64_t least, int64_t *ms) {
    const pmkti_token t = p->b.token;
    const bool is_int = t.kind == PMKTI_TOKEN_INT;
    if (p->brace || (!is_int && t.kind != PMKTI_TOKEN_DECIMAL)) {
        return pmkti_rules_expected(p, "a duration such as 30 min");
    }
    if (!pmkti_rules_next(p)) return false;
    const int64_t unit = p->brace ? 0 : pmkti_expr_unit(&p->b);
    if (unit == 0) return pmkti_rules_expected(p, "a unit such as min, hours or days");
    const double size = (is_int ? (double)t.value.i : t.value.d) * (double)unit;
    if (size > (double)PMKTI_RULES_LONGEST) {
        return pmkti_expr_limit(&p->b, t.at, "a duration is at most 36,500 days"), false;
    }
    *ms = (int64_t)size;
    if ((double)*ms != size) {
        pmkti_expr_fail(&p->b, t.at, "this duration is no whole number of milliseconds");
        return false;
    }
    if (*ms < least) return pmkti_expr_fail(&p->b, t.at, "this duration must be positive"), false;
    return pmkti_rules_next(p);
}

bool pmkti_rules_share(pmkti_rules_parser *p, double *share) {
    const pmkti_token t = p->b.token;
    if (p->brace || (t.kind != PMKTI_TOKEN_INT && t.kind != PMKTI_TOKEN_DECIMAL)) {
        return pmkti_rules_expected(p, "a number from 0 to 1");
    }
    *share = t.kind == PMKTI_TOKEN_INT ? (double)t.value.i : t.value.d;
    if (*share > 1) return pmkti_rules_expected(p, "a number from 0 to 1");
    return pmkti_rules_next(p);
}

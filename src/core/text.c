#include "core/text.h"

#include "core/error.h"

/* So much of a text is quoted; a longer one ends in dots. */
#define QUOTED 40

static bool is_space(char c) {
    return c == ' ' || c == '\t';
}

pmkt_status pmkti_text_check(const char *text, size_t length, pmkt_error *err) {
    if (!text && length > 0) return pmkti_null(err, "text");
    if (length <= PTRDIFF_MAX) return PMKT_OK;
    return pmkti_fail(err, PMKT_E_INVALID, "length is %zu, but cannot be more than memory holds",
                      length);
}

pmkti_reader pmkti_reader_begin(const char *text, size_t length) {
    pmkti_reader in = {text, 0, length, length};
    while (in.at < in.end && is_space(text[in.at])) in.at++;
    while (in.at < in.end && is_space(text[in.end - 1])) in.end--;
    return in;
}

static void quote(char out[QUOTED + 4], const char *text, size_t length) {
    const size_t shown = length > QUOTED ? QUOTED : length;
    for (size_t i = 0; i < shown; i++) out[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
    size_t end = shown;
    while (end < shown + 3 && length > QUOTED) out[end++] = '.';
    out[end] = '\0';
}

pmkt_status pmkti_reader_fail(const pmkti_reader *in, size_t where, const char *what,
                              const char *expected, pmkt_error *err) {
    char quoted[QUOTED + 4];
    quote(quoted, in->text, in->length);
    return pmkti_fail_at(err, PMKT_E_PARSE, PMKT_WHERE_BYTE, (int64_t)where,
                         "\"%s\" is not %s: at byte %zu, expected %s", quoted, what, where,
                         expected);
}

#include "utf8.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * The length of the character at `text` and its code point; a byte that is no UTF-8 stands alone.
 */
static int decode(const char *text, uint32_t *code) {
    const unsigned char *byte = (const unsigned char *)text;
    int length = byte[0] < 0x80                      ? 1
                 : byte[0] >= 0xc2 && byte[0] < 0xe0 ? 2
                 : byte[0] >= 0xe0 && byte[0] < 0xf0 ? 3
                 : byte[0] >= 0xf0 && byte[0] < 0xf5 ? 4
                                                     : 0;
    *code = length == 1 ? byte[0] : byte[0] & (0x7fu >> length);
    for (int i = 1; i < length; i++) {
        if ((byte[i] & 0xc0) != 0x80) length = 0;
        *code = *code << 6 | (byte[i] & 0x3fu);
    }
    if (length == 0) *code = UINT32_MAX;
    return length == 0 ? 1 : length;
}

/* The blocks of East Asian wide characters that a shop's texts may hold. */
static int code_width(uint32_t code) {
    bool wide = (code >= 0x1100 && code <= 0x115f) || (code >= 0x2e80 && code <= 0xa4cf) ||
                (code >= 0xac00 && code <= 0xd7a3) || (code >= 0xf900 && code <= 0xfaff) ||
                (code >= 0xfe30 && code <= 0xfe6f) || (code >= 0xff00 && code <= 0xff60) ||
                (code >= 0xffe0 && code <= 0xffe6) || (code >= 0x1f300 && code <= 0x1faff) ||
                (code >= 0x20000 && code <= 0x3fffd);
    return wide && code != UINT32_MAX ? 2 : 1;
}

int utf8_width(const char *text) {
    int width = 0;
    for (uint32_t code; *text != '\0';) {
        text += decode(text, &code);
        width += code_width(code);
    }
    return width;
}

void utf8_clean(char *text) {
    for (uint32_t code; *text != '\0';) {
        int length = decode(text, &code);
        bool control = code < 0x20 || (code >= 0x7f && code < 0xa0) || code == UINT32_MAX;
        if (control) memset(text, '?', (size_t)length);
        text += length;
    }
}

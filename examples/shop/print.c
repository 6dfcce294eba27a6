#include "print.h"

#include <pmkt.h>
#include <stdio.h>
#include <string.h>

#include "../rfm_report/utf8.h"

/* Cuts a text, between two characters, so that it takes `width` columns at most. */
static void cut_to(char *text, int width) {
    size_t length = strlen(text);
    while (length > 0 && utf8_width(text) > width) {
        do length--;
        while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80);
        text[length] = '\0';
    }
}

void print_cell(const char *text, int width) {
    char cell[64];
    snprintf(cell, sizeof cell, "%s", text);
    cut_to(cell, width);
    printf("%s%*s", cell, width - utf8_width(cell), "");
}

static const char *action_name(uint32_t action) {
    if (action == PMKT_INTENT_LEAVE) return "leave";
    if (action == PMKT_INTENT_GOAL) return "order";
    const char *name = pmkt_kind_name((int32_t)action);
    return name == NULL ? "?" : name;
}

void print_action(uint32_t action, int width) {
    print_cell(action_name(action), width);
}

void print_next(const uint32_t *next, const double *p, int32_t n) {
    for (int32_t i = 0; i < n && next[i] != 0; i++) {
        printf("%s%s %.0f %%", i == 0 ? "" : ", ", action_name(next[i]), 100.0 * p[i]);
    }
}

#include "program.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "../rfm_report/utf8.h"

void complain(const char *format, ...) {
    char text[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    utf8_clean(text);
    fprintf(stderr, "%s: %s\n", program_name, text);
}

bool whole_number(const char *option, const char *text, int32_t min, int32_t max, int32_t *value) {
    char *end = NULL;
    errno = 0;
    const long number = strtol(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || number < min || number > max) {
        complain("%s is a whole number from %d to %d, not \"%s\"", option, min, max, text);
        return false;
    }
    *value = (int32_t)number;
    return true;
}

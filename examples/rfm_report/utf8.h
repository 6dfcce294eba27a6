/*
 * utf8.h - texts of files on a terminal: how wide they are, and nothing but printable characters.
 */
#ifndef RFM_REPORT_UTF8_H
#define RFM_REPORT_UTF8_H

/* Columns that a text takes; Chinese characters take two. */
int utf8_width(const char *text);

/* Puts '?' in the place of control characters and of bytes that are no UTF-8. */
void utf8_clean(char *text);

#endif

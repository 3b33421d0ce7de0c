// SPDX-License-Identifier: ISC
// Tests of identity/qr.h: both drawings show the same modules, and those are the text's.
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <qrcodegen.h>

#include <cmocka.h>

#include "identity/qr.h"

#define URI "otpauth://totp/Example:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Example"
#define SIDE_MAX 160

struct picture {
    int side;
    int width;
    uint8_t dark[SIDE_MAX][SIDE_MAX];
};

static char *draw(const char *text, enum vouch_qr_style style) {
    struct vouch_buf out;
    const uint8_t end = 0;
    vouch_buf_init(&out, VOUCH_QR_DRAWN_MAX);
    assert_int_equal(vouch_qr_draw(vouch_bytes_of(text), style, &out), VOUCH_OK);
    vouch_buf_put(&out, (struct vouch_bytes){&end, 1});
    assert_int_equal(out.err, VOUCH_OK);
    return (char *)vouch_buf_take(&out, &(size_t){0});
}

static void read_ascii(const char *drawing, struct picture *picture) {
    for (const char *at = drawing; *at != '\0'; at++, picture->side++) {
        int x = 0;
        for (; *at != '\n'; at += 2, x++) {
            assert_true((at[0] == '#' && at[1] == '#') || (at[0] == ' ' && at[1] == ' '));
            picture->dark[picture->side][x] = at[0] == '#';
        }
        assert_true(picture->width == 0 || picture->width == x);
        picture->width = x;
    }
}

static void read_half(const char *drawing, struct picture *picture) {
    static const char colours[] = "\033[38;5;16;48;5;231m", reset[] = "\033[0m\n";
    static const struct {
        const char *text;
        uint8_t upper, below;
    } blocks[] = {{" ", 0, 0}, {"\u2584", 0, 1}, {"\u2580", 1, 0}, {"\u2588", 1, 1}};
    while (*drawing != '\0') {
        int x = 0;
        assert_memory_equal(drawing, colours, sizeof colours - 1);
        drawing += sizeof colours - 1;
        for (; *drawing != '\033'; x++) {
            size_t i = 0;
            while (strncmp(drawing, blocks[i].text, strlen(blocks[i].text)) != 0) {
                assert_true(++i < 4);
            }
            picture->dark[picture->side][x] = blocks[i].upper;
            picture->dark[picture->side + 1][x] = blocks[i].below;
            drawing += strlen(blocks[i].text);
        }
        assert_memory_equal(drawing, reset, sizeof reset - 1);
        drawing += sizeof reset - 1;
        picture->width = x;
        picture->side += 2;
    }
}

static void draws_the_modules_of_the_text_in_both_styles(void **state) {
    (void)state;
    static struct picture ascii, half;
    uint8_t code[qrcodegen_BUFFER_LEN_MAX], work[qrcodegen_BUFFER_LEN_MAX];
    assert_true(
        qrcodegen_encodeText(URI, work, code, qrcodegen_Ecc_LOW, 1, 40, qrcodegen_Mask_AUTO, true));
    int size = qrcodegen_getSize(code);
    char *drawing = draw(URI, VOUCH_QR_ASCII);
    read_ascii(drawing, &ascii);
    free(drawing);
    drawing = draw(URI, VOUCH_QR_HALF);
    read_half(drawing, &half);
    free(drawing);
    assert_int_equal(ascii.side, size + 8);
    assert_int_equal(ascii.width, size + 8);
    assert_int_equal(half.width, size + 8);
    for (int y = 0; y < SIDE_MAX; y++) {
        for (int x = 0; x < SIDE_MAX; x++) {
            int is_dark = qrcodegen_getModule(code, x - 4, y - 4);
            assert_int_equal(ascii.dark[y][x], is_dark);
            assert_int_equal(half.dark[y][x], is_dark);
        }
    }
    // Small enough for a window of 80 by 24 with the half blocks to be seen at a glance.
    assert_true(ascii.width < 80);
}

static void draws_every_length_up_to_the_bound(void **state) {
    (void)state;
    char text[VOUCH_QR_TEXT_MAX + 2] = {0};
    struct vouch_buf out;
    vouch_buf_init(&out, VOUCH_QR_DRAWN_MAX);
    assert_int_equal(vouch_qr_draw(vouch_bytes_of(""), VOUCH_QR_ASCII, &out), VOUCH_ERR_LIMIT);
    for (size_t len = 1; len <= VOUCH_QR_TEXT_MAX; len += len < 20 ? 1 : 41) {
        memset(text, 'b', len);
        vouch_buf_clear(&out);
        assert_int_equal(vouch_qr_draw(vouch_bytes_of(text), VOUCH_QR_HALF, &out), VOUCH_OK);
        vouch_buf_clear(&out);
        assert_int_equal(vouch_qr_draw(vouch_bytes_of(text), VOUCH_QR_ASCII, &out), VOUCH_OK);
    }
    memset(text, 'b', VOUCH_QR_TEXT_MAX + 1);
    vouch_buf_clear(&out);
    assert_int_equal(vouch_qr_draw(vouch_bytes_of(text), VOUCH_QR_HALF, &out), VOUCH_ERR_LIMIT);
    text[3] = '\0';
    assert_int_equal(
        vouch_qr_draw((struct vouch_bytes){(const uint8_t *)text, 6}, VOUCH_QR_HALF, &out),
        VOUCH_ERR_ARGUMENT);
    assert_int_equal(out.len, 0);
    vouch_buf_done(&out);
    vouch_buf_init(&out, 100); // no room: said, not cut
    assert_int_equal(vouch_qr_draw(vouch_bytes_of(URI), VOUCH_QR_HALF, &out), VOUCH_ERR_LIMIT);
    vouch_buf_done(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_the_modules_of_the_text_in_both_styles),
        cmocka_unit_test(draws_every_length_up_to_the_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

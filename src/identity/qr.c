// SPDX-License-Identifier: ISC
// Draws a QR code with libqrcodegen.
//
// The text may be a secret, so every buffer is wiped, and the library's are on the stack.
#include "identity/qr.h"

#include <qrcodegen.h>
#include <stdbool.h>

#include "base/secret.h"

#define VERSION_MAX 20 // 669 bytes at the lowest correction: more than VOUCH_QR_TEXT_MAX
#define BORDER 4

#define RESET "\033[0m"
#define DARK_ON_LIGHT "\033[38;5;16;48;5;231m" // black on white, whatever the terminal's colours

struct drawing {
    uint8_t code[qrcodegen_BUFFER_LEN_FOR_VERSION(VERSION_MAX)];
    uint8_t work[qrcodegen_BUFFER_LEN_FOR_VERSION(VERSION_MAX)];
};

static int encode(struct vouch_bytes text, struct drawing *drawing) {
    char copy[VOUCH_QR_TEXT_MAX + 1] = {0};
    memcpy(copy, text.ptr, text.len);
    bool fits = qrcodegen_encodeText(copy, drawing->work, drawing->code, qrcodegen_Ecc_LOW,
                                     qrcodegen_VERSION_MIN, VERSION_MAX, qrcodegen_Mask_AUTO, true);
    vouch_wipe(copy, sizeof copy);
    return fits ? VOUCH_OK : VOUCH_ERR_LIMIT;
}

// Outside of the code all is light.
static int is_dark(const struct drawing *drawing, int x, int y) {
    return qrcodegen_getModule(drawing->code, x, y);
}

static void draw_half(const struct drawing *drawing, struct vouch_buf *out) {
    static const char *const blocks[] = {" ", "▄", "▀", "█"};
    int size = qrcodegen_getSize(drawing->code);
    for (int y = -BORDER; y < size + BORDER; y += 2) {
        vouch_buf_put_text(out, DARK_ON_LIGHT);
        for (int x = -BORDER; x < size + BORDER; x++) {
            int both = is_dark(drawing, x, y) * 2 + is_dark(drawing, x, y + 1);
            vouch_buf_put_text(out, blocks[both]);
        }
        vouch_buf_put_text(out, RESET "\n");
    }
}

static void draw_ascii(const struct drawing *drawing, struct vouch_buf *out) {
    int size = qrcodegen_getSize(drawing->code);
    for (int y = -BORDER; y < size + BORDER; y++) {
        for (int x = -BORDER; x < size + BORDER; x++) {
            vouch_buf_put_text(out, is_dark(drawing, x, y) ? "##" : "  ");
        }
        vouch_buf_put_text(out, "\n");
    }
}

int vouch_qr_draw(struct vouch_bytes text, enum vouch_qr_style style, struct vouch_buf *out) {
    struct drawing drawing;
    if (text.len == 0 || text.len > VOUCH_QR_TEXT_MAX) {
        return VOUCH_ERR_LIMIT;
    }
    if (memchr(text.ptr, 0, text.len) != NULL) {
        return VOUCH_ERR_ARGUMENT;
    }
    int err = encode(text, &drawing);
    if (err == VOUCH_OK && style == VOUCH_QR_ASCII) {
        draw_ascii(&drawing, out);
    } else if (err == VOUCH_OK) {
        draw_half(&drawing, out);
    }
    vouch_wipe(&drawing, sizeof drawing);
    return err != VOUCH_OK ? err : out->err;
}

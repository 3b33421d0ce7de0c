// SPDX-License-Identifier: ISC
// The catalogue of faults (fault-kinds.def), and filling one in.
#include "base/fault.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/str.h"

#define VOUCH_FAULT_KIND(name, code_, title_, cause_, fix_)                                        \
    const struct vouch_fault_kind vouch_fault_##name = {                                           \
        .code = (code_), .title = (title_), .cause = (cause_), .fix = (fix_)};
#include "base/fault-kinds.def"
#undef VOUCH_FAULT_KIND

#define VOUCH_FAULT_KIND(name, code_, title_, cause_, fix_) &vouch_fault_##name,
const struct vouch_fault_kind *const vouch_fault_kinds[] = {
#include "base/fault-kinds.def"
    NULL,
};
#undef VOUCH_FAULT_KIND

const struct vouch_fault_kind *vouch_fault_kind_of(struct vouch_bytes code) {
    for (size_t i = 0; vouch_fault_kinds[i] != NULL; i++) {
        if (vouch_bytes_equal(code, vouch_bytes_of(vouch_fault_kinds[i]->code))) {
            return vouch_fault_kinds[i];
        }
    }
    return NULL;
}

__attribute__((format(printf, 3, 0))) static void format_escaped(char *out, size_t out_size,
                                                                 const char *format, va_list args) {
    char raw[1024];
    (void)vsnprintf(raw, sizeof raw, format, args);
    vouch_str_escape_to(vouch_bytes_of(raw), out, out_size);
}

int vouch_fault_set(struct vouch_fault *fault, int err, const struct vouch_fault_kind *kind,
                    const char *format, ...) {
    if (fault == NULL) {
        return err;
    }
    fault->err = err;
    fault->kind = kind;
    fault->next[0] = '\0';
    va_list args;
    va_start(args, format);
    format_escaped(fault->text, sizeof fault->text, format, args);
    va_end(args);
    return err;
}

int vouch_fault_next(struct vouch_fault *fault, const char *format, ...) {
    if (fault == NULL) {
        return VOUCH_ERR_ARGUMENT; // never success: callers return what this returns
    }
    va_list args;
    va_start(args, format);
    format_escaped(fault->next, sizeof fault->next, format, args);
    va_end(args);
    return fault->err;
}

int vouch_fault_where(struct vouch_fault *fault, int err, const struct vouch_fault_kind *kind,
                      const char *object, const struct vouch_where *where) {
    if (where == NULL || where->field == NULL) {
        return vouch_fault_set(fault, err, kind, "%s: %s", object, vouch_err_text(err));
    }
    const char *reason = where->reason != NULL ? where->reason : vouch_err_text(err);
    if (where->offset == 0) {
        return vouch_fault_set(fault, err, kind, "%s: %s %s", object, where->field, reason);
    }
    return vouch_fault_set(fault, err, kind, "%s: %s %s (at byte %zu)", object, where->field,
                           reason, where->offset);
}

// SPDX-License-Identifier: ISC
// Formatting and writing log lines.
#include "prog/vouchd/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "base/str.h"
#include "base/time.h"

#define QUEUE_MAX (64 * 1024) // bytes of lines that wait
#define GATHER_NS 2000000     // between two writes, so that a busy server's lines share one

static const char *const level_words[] = {"error", "warn", "info", "debug"};
static const char *const level_marks[] = {"<3>", "<4>", "<6>", "<7>"}; // of syslog(3)

// The one log of this process.
static struct {
    const char *process;
    enum vouch_log_level level;
    enum vouch_log_format format;
    int to_journal;
} settings = {"vouchd", VOUCH_LOG_INFO, VOUCH_LOG_TEXT, 0};

static struct {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    pthread_t thread;
    int runs;
    int ends;
    char *waiting; // QUEUE_MAX bytes
    char *writing; // the same
    size_t len;
    unsigned long lost;
} queue = {.lock = PTHREAD_MUTEX_INITIALIZER, .filled = PTHREAD_COND_INITIALIZER};

void vouch_log_init(const char *process, enum vouch_log_level level, enum vouch_log_format format) {
    settings.process = process;
    settings.level = level;
    settings.format = format;
    settings.to_journal = getenv("JOURNAL_STREAM") != NULL;
}

int vouch_log_wants(enum vouch_log_level level) {
    return level <= settings.level;
}

static void put_time(struct vouch_buf *line) {
    uint64_t now_ms = vouch_time_now_ms();
    char text[VOUCH_TIME_TEXT_MAX], fraction[8];
    vouch_time_utc(now_ms / 1000, text);
    (void)snprintf(fraction, sizeof fraction, ".%03uZ", (unsigned)(now_ms % 1000));
    text[strcspn(text, "Z")] = '\0';
    vouch_buf_put_text(line, text);
    vouch_buf_put_text(line, fraction);
}

// JSON's own escaping on top of ours, which leaves only printable ASCII.
static void put_json_text(struct vouch_buf *line, struct vouch_bytes text) {
    char escaped[VOUCH_LOG_LINE_MAX];
    vouch_str_escape_to(text, escaped, sizeof escaped);
    vouch_buf_put_text(line, "\"");
    for (const char *at = escaped; *at != '\0'; at++) {
        if (*at == '"' || *at == '\\') {
            vouch_buf_put_text(line, "\\");
        }
        vouch_buf_put(line, (struct vouch_bytes){(const uint8_t *)at, 1});
    }
    vouch_buf_put_text(line, "\"");
}

static void format_json(struct vouch_buf *line, enum vouch_log_level level, const char *message,
                        const struct vouch_log_field *fields, size_t count) {
    vouch_buf_put_text(line, "{\"time\":\"");
    put_time(line);
    vouch_buf_put_text(line, "\",\"level\":\"");
    vouch_buf_put_text(line, level_words[level]);
    vouch_buf_put_text(line, "\",\"process\":\"");
    vouch_buf_put_text(line, settings.process);
    vouch_buf_put_text(line, "\",\"message\":");
    put_json_text(line, vouch_bytes_of(message));
    for (size_t i = 0; i < count; i++) {
        vouch_buf_put_text(line, ",\"");
        vouch_buf_put_text(line, fields[i].name);
        vouch_buf_put_text(line, "\":");
        if (fields[i].is_number) {
            vouch_buf_put(line, fields[i].text);
        } else {
            put_json_text(line, fields[i].text);
        }
    }
    vouch_buf_put_text(line, "}");
}

static int needs_quotes(struct vouch_bytes text) {
    return text.len == 0 || memchr(text.ptr, ' ', text.len) != NULL ||
           memchr(text.ptr, '"', text.len) != NULL || memchr(text.ptr, '=', text.len) != NULL;
}

static void format_text(struct vouch_buf *line, enum vouch_log_level level, const char *message,
                        const struct vouch_log_field *fields, size_t count) {
    char escaped[VOUCH_LOG_LINE_MAX];
    if (!settings.to_journal) {
        put_time(line);
        vouch_buf_put_text(line, " ");
        vouch_buf_put_text(line, level_words[level]);
        vouch_buf_put_text(line, " ");
    }
    vouch_buf_put_text(line, settings.process);
    vouch_buf_put_text(line, ": ");
    vouch_str_escape_to(vouch_bytes_of(message), escaped, sizeof escaped);
    vouch_buf_put_text(line, escaped);
    for (size_t i = 0; i < count; i++) {
        vouch_buf_put_text(line, " ");
        vouch_buf_put_text(line, fields[i].name);
        vouch_buf_put_text(line, "=");
        if (needs_quotes(fields[i].text)) {
            put_json_text(line, fields[i].text);
        } else {
            vouch_str_escape_to(fields[i].text, escaped, sizeof escaped);
            vouch_buf_put_text(line, escaped);
        }
    }
}

// The line with its end. One that is too long is cut, and in JSON said to be.
static size_t format_line(char room[static VOUCH_LOG_LINE_MAX], enum vouch_log_level level,
                          const char *message, const struct vouch_log_field *fields, size_t count) {
    struct vouch_buf line;
    vouch_buf_init_fixed(&line, room, VOUCH_LOG_LINE_MAX - 1);
    if (settings.to_journal) {
        vouch_buf_put_text(&line, level_marks[level]);
    }
    if (settings.format == VOUCH_LOG_JSON) {
        format_json(&line, level, message, fields, count);
    } else {
        format_text(&line, level, message, fields, count);
    }
    if (line.err != VOUCH_OK && count > 0) {
        return format_line(room, level, message, NULL, 0);
    }
    room[line.len] = '\n';
    return line.len + 1;
}

static void write_out(const char *text, size_t len) {
    // There is nowhere to say that the log cannot be written.
    int err = vouch_io_write_all(STDERR_FILENO, (struct vouch_bytes){(const uint8_t *)text, len});
    (void)err;
}

void vouch_log_event(enum vouch_log_level level, const char *message,
                     const struct vouch_log_field *fields, size_t count) {
    if (vouch_log_wants(level)) {
        char room[VOUCH_LOG_LINE_MAX];
        write_out(room, format_line(room, level, message, fields, count));
    }
}

void vouch_log(enum vouch_log_level level, const char *format, ...) {
    char message[VOUCH_LOG_LINE_MAX / 2];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(message, sizeof message, format, args);
    va_end(args);
    vouch_log_event(level, message, NULL, 0);
}

void vouch_log_fault(enum vouch_log_level level, const char *doing,
                     const struct vouch_fault *fault) {
    char message[VOUCH_LOG_LINE_MAX / 2];
    (void)snprintf(message, sizeof message, "%s%s%s", doing, doing[0] != '\0' ? ": " : "",
                   fault->text);
    const char *next =
        fault->next[0] != '\0' || fault->kind == NULL ? fault->next : fault->kind->fix;
    const struct vouch_log_field fields[] = {
        {.name = "code",
         .text = vouch_bytes_of(fault->kind != NULL ? fault->kind->code : "V-1999")},
        {.name = "next", .text = vouch_bytes_of(next)},
    };
    vouch_log_event(level, message, fields, 2);
}

// ----- the writer -----

static void say_lost(unsigned long lost) {
    if (lost > 0) {
        char number[24];
        (void)snprintf(number, sizeof number, "%lu", lost);
        const struct vouch_log_field field = {"lines", vouch_bytes_of(number), 1};
        vouch_log_event(VOUCH_LOG_WARN, "the log could not be written as fast as it came", &field,
                        1);
    }
}

static void *write_lines(void *unused) {
    (void)unused;
    int ends = 0;
    while (!ends) {
        (void)pthread_mutex_lock(&queue.lock);
        while (queue.len == 0 && !queue.ends) {
            (void)pthread_cond_wait(&queue.filled, &queue.lock);
        }
        char *lines = queue.waiting;
        size_t len = queue.len;
        unsigned long lost = queue.lost;
        queue.waiting = queue.writing;
        queue.writing = lines;
        queue.len = 0;
        queue.lost = 0;
        ends = queue.ends;
        (void)pthread_mutex_unlock(&queue.lock);
        write_out(lines, len);
        say_lost(lost);
        if (!ends) {
            const struct timespec moment = {.tv_nsec = GATHER_NS};
            (void)nanosleep(&moment, NULL);
        }
    }
    return NULL;
}

int vouch_log_writer_start(struct vouch_fault *fault) {
    queue.waiting = malloc(QUEUE_MAX);
    queue.writing = malloc(QUEUE_MAX);
    if (queue.waiting == NULL || queue.writing == NULL ||
        pthread_create(&queue.thread, NULL, write_lines, NULL) != 0) {
        free(queue.waiting);
        free(queue.writing);
        queue.waiting = queue.writing = NULL;
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                               "log: its thread cannot be started");
    }
    queue.runs = 1;
    return VOUCH_OK;
}

void vouch_log_event_later(enum vouch_log_level level, const char *message,
                           const struct vouch_log_field *fields, size_t count) {
    if (!vouch_log_wants(level) || !queue.runs) {
        return;
    }
    char room[VOUCH_LOG_LINE_MAX];
    size_t len = format_line(room, level, message, fields, count);
    (void)pthread_mutex_lock(&queue.lock);
    if (len <= QUEUE_MAX - queue.len) {
        memcpy(queue.waiting + queue.len, room, len);
        if (queue.len == 0) {
            (void)pthread_cond_signal(&queue.filled);
        }
        queue.len += len;
    } else {
        queue.lost++;
    }
    (void)pthread_mutex_unlock(&queue.lock);
}

void vouch_log_writer_stop(void) {
    if (!queue.runs) {
        return;
    }
    (void)pthread_mutex_lock(&queue.lock);
    queue.ends = 1;
    (void)pthread_cond_signal(&queue.filled);
    (void)pthread_mutex_unlock(&queue.lock);
    (void)pthread_join(queue.thread, NULL);
    queue.runs = 0;
    free(queue.waiting);
    free(queue.writing);
    queue.waiting = queue.writing = NULL;
}

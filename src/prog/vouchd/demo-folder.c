// SPDX-License-Identifier: ISC
// Making and filling the folder of a demonstration, in the order in which its parts need each other.
#include "prog/vouchd/demo-folder.h"

#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/io.h"
#include "identity/base32.h"
#include "prog/vouchd/server-dir.h"
#include "prog/vouchd/settings.h"

#define SERVER_NAME "ca.demo.example"
#define STORE_WAIT_MS 10000
#define FILE_MAX 8192

// ----- what the folder is

static int is_empty(const char *dir) {
    DIR *folder = opendir(dir);
    int used = 0;
    for (const struct dirent *entry = folder != NULL ? readdir(folder) : NULL; entry != NULL;
         entry = readdir(folder)) {
        used |= strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    }
    if (folder != NULL) {
        (void)closedir(folder);
    }
    return !used;
}

int vouch_demo_folder_look(const char *dir, enum vouch_demo_place *ret_place,
                           struct vouch_fault *fault) {
    struct vouch_settings settings = {.fd = -1};
    struct vouch_fault why = {0};
    if (is_empty(dir)) {
        *ret_place = VOUCH_DEMO_PLACE_EMPTY;
        return VOUCH_OK;
    }
    int is_demo = vouch_settings_load(dir, &settings, &why) == VOUCH_OK &&
                  settings.config.purpose == VOUCH_PURPOSE_DEMONSTRATION;
    vouch_settings_done(&settings);
    if (!is_demo) {
        return vouch_fault_set(fault, VOUCH_ERR_EXISTS, &vouch_fault_demo_dir,
                               "%s: is not empty, and no demonstration", dir);
    }
    *ret_place = VOUCH_DEMO_PLACE_FILLED;
    return VOUCH_OK;
}

// ----- who comes to look

static int write_file(const struct vouch_demo_folder *folder,
                      const struct vouch_demo_visitors *visitors, struct vouch_fault *fault) {
    char path[PATH_MAX];
    json_t *whole = json_object(), *rows = json_object();
    for (size_t i = 0; i < VOUCH_DEMO_VISITORS; i++) {
        char text[64] = "";
        struct vouch_buf secret;
        vouch_buf_init_fixed(&secret, text, sizeof text - 1);
        vouch_base32((struct vouch_bytes){visitors->of[i].secret, VOUCH_TOTP_SECRET_LEN}, &secret);
        (void)json_object_set_new(rows, vouch_demo_visitor_names[i], json_string(text));
    }
    (void)json_object_set_new(whole, "password", json_string(visitors->password));
    (void)json_object_set_new(whole, "secrets", rows);
    (void)json_object_set_new(whole, "seed", json_integer((json_int_t)folder->what.seed));
    (void)json_object_set_new(whole, "scale", json_integer((json_int_t)folder->what.scale));
    (void)json_object_set_new(whole, "made", json_integer((json_int_t)folder->what.now_s));
    char *text = json_dumps(whole, JSON_INDENT(2));
    int err = vouch_server_path(folder->dir, VOUCH_DEMO_FILE, path, fault);
    const struct vouch_io_file file = {path, 0600, VOUCH_IO_REPLACE};
    if (err == VOUCH_OK) {
        err = text == NULL ? vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                                             "%s: no memory", path)
                           : vouch_io_write(&file, vouch_bytes_of(text), fault);
    }
    json_decref(whole);
    free(text);
    return err;
}

static int read_visitors(const json_t *whole, struct vouch_demo_visitors *visitors) {
    const char *password = json_string_value(json_object_get(whole, "password"));
    const json_t *rows = json_object_get(whole, "secrets");
    if (password == NULL || strlen(password) >= sizeof visitors->password) {
        return VOUCH_ERR_FORMAT;
    }
    (void)snprintf(visitors->password, sizeof visitors->password, "%s", password);
    for (size_t i = 0; i < VOUCH_DEMO_VISITORS; i++) {
        const char *secret = json_string_value(json_object_get(rows, vouch_demo_visitor_names[i]));
        if (secret == NULL || vouch_unbase32(vouch_bytes_of(secret), visitors->of[i].secret,
                                             VOUCH_TOTP_SECRET_LEN) != VOUCH_OK) {
            return VOUCH_ERR_FORMAT;
        }
    }
    return VOUCH_OK;
}

static int read_what(const json_t *whole, struct vouch_demo_what *what) {
    const json_int_t scale = json_integer_value(json_object_get(whole, "scale"));
    const json_int_t made = json_integer_value(json_object_get(whole, "made"));
    if (scale <= 0 || made <= 0 || !json_is_integer(json_object_get(whole, "seed"))) {
        return VOUCH_ERR_FORMAT;
    }
    *what = (struct vouch_demo_what){
        .seed = (uint64_t)json_integer_value(json_object_get(whole, "seed")),
        .scale = (uint64_t)scale,
        .now_s = (uint64_t)made};
    return VOUCH_OK;
}

static int parse(const char *path, const struct vouch_buf *text, struct vouch_demo_what *what,
                 struct vouch_demo_visitors *visitors, struct vouch_fault *fault) {
    json_t *whole = json_loadb((const char *)text->ptr, text->len, JSON_REJECT_DUPLICATES, NULL);
    int err = whole == NULL || read_visitors(whole, visitors) != VOUCH_OK ? VOUCH_ERR_FORMAT
                                                                          : read_what(whole, what);
    json_decref(whole);
    return err == VOUCH_OK ? VOUCH_OK
                           : vouch_fault_set(fault, err, &vouch_fault_demo_dir,
                                             "%s: is not what vouchd demo writes", path);
}

// ----- filling it

static int open_store(const char *dir, struct vouch_store **ret_store, struct vouch_fault *fault) {
    char path[PATH_MAX];
    int err = vouch_server_path(dir, VOUCH_SERVER_DATABASE, path, fault);
    const struct vouch_store_open open = {
        .where = path, .access = VOUCH_STORE_WRITE, .wait_ms = STORE_WAIT_MS};
    return err == VOUCH_OK ? vouch_store_open(&open, ret_store, fault) : err;
}

static int make_up(const struct vouch_demo_folder *folder, struct vouch_demo_filled *filled,
                   struct vouch_fault *fault) {
    int err = vouch_demo_company_new(&folder->what, &filled->company, fault);
    if (err == VOUCH_OK) {
        err = vouch_demo_plan_new(filled->company, &filled->plan, fault);
    }
    return err == VOUCH_OK ? vouch_demo_policy_read(filled->company, VOUCH_DEMO_POLICIES,
                                                    &filled->policy, fault)
                           : err;
}

static int make_server(const struct vouch_demo_folder *folder,
                       const struct vouch_demo_company *company, struct vouch_fault *fault) {
    const struct vouch_server_new what = {.dir = folder->dir,
                                          .name = SERVER_NAME,
                                          .listen = folder->listen,
                                          .key_type = VOUCH_KEY_ED25519,
                                          .unlock = VOUCH_UNLOCK_KEY_FILE,
                                          .purpose = VOUCH_PURPOSE_DEMONSTRATION,
                                          .time_ms = company->start_s * 1000};
    struct vouch_server_made made = {0};
    return vouch_server_create(&what, &made, fault);
}

static int tell(const struct vouch_demo_folder *folder, struct vouch_demo_filled *filled,
                struct vouch_fault *fault) {
    int err = open_store(folder->dir, &filled->store, fault);
    if (err == VOUCH_OK) {
        err = vouch_demo_mint_open(folder->dir, (filled->company->start_s + 60) * 1000,
                                   &filled->mint, fault);
    }
    const struct vouch_demo_tale tale = {.company = filled->company,
                                         .plan = &filled->plan,
                                         .policy = filled->policy,
                                         .mint = filled->mint,
                                         .store = filled->store,
                                         .progress = folder->progress,
                                         .progress_context = folder->progress_context};
    if (err == VOUCH_OK) {
        err = vouch_demo_story_new(&tale, &filled->story, fault);
    }
    if (err == VOUCH_OK) {
        err = vouch_demo_mint_end(filled->mint, folder->what.now_s * 1000 - 1000, fault);
        filled->records = vouch_demo_mint_size(filled->mint);
    }
    return err;
}

// The server's parts get what was written.
static int hand_over(const char *dir, struct vouch_fault *fault) {
    struct vouch_settings settings = {.fd = -1};
    int err = vouch_settings_load(dir, &settings, fault);
    if (err == VOUCH_OK) {
        err = vouch_server_give(dir, &settings.config, fault);
    }
    vouch_settings_done(&settings);
    return err;
}

int vouch_demo_folder_fill(const struct vouch_demo_folder *folder,
                           struct vouch_demo_filled *ret_filled,
                           struct vouch_demo_visitors *ret_visitors, struct vouch_fault *fault) {
    struct vouch_demo_filled *filled = ret_filled;
    int err = make_up(folder, filled, fault);
    if (err == VOUCH_OK) {
        err = make_server(folder, filled->company, fault);
    }
    if (err == VOUCH_OK) {
        err = tell(folder, filled, fault);
    }
    const struct vouch_demo_base base = {folder->dir, filled->company, filled->story,
                                         filled->store};
    if (err == VOUCH_OK) {
        err = vouch_demo_base_fill(&base, filled->plan.request_count, ret_visitors, fault);
    }
    if (err == VOUCH_OK) {
        err = write_file(folder, ret_visitors, fault);
    }
    vouch_demo_mint_close(filled->mint);
    vouch_store_close(filled->store);
    filled->mint = NULL;
    filled->store = NULL;
    return err == VOUCH_OK ? hand_over(folder->dir, fault) : err;
}

void vouch_demo_filled_done(struct vouch_demo_filled *filled) {
    vouch_demo_mint_close(filled->mint);
    vouch_store_close(filled->store);
    vouch_demo_story_free(filled->story);
    vouch_policy_free(filled->policy);
    vouch_demo_plan_done(&filled->plan);
    vouch_demo_company_free(filled->company);
    *filled = (struct vouch_demo_filled){0};
}

int vouch_demo_folder_report(const char *dir, const struct vouch_demo_filled *filled,
                             struct vouch_fault *fault) {
    struct vouch_store *store = NULL;
    int err = open_store(dir, &store, fault);
    const struct vouch_demo_base base = {dir, filled->company, filled->story, store};
    if (err == VOUCH_OK) {
        err = vouch_demo_base_report(&base, fault);
    }
    vouch_store_close(store);
    return err;
}

int vouch_demo_folder_read(const char *dir, struct vouch_demo_filled *ret_filled,
                           struct vouch_demo_visitors *ret_visitors, struct vouch_fault *fault) {
    char path[PATH_MAX];
    struct vouch_buf text;
    struct vouch_demo_what what = {0};
    vouch_buf_init(&text, FILE_MAX);
    int err = vouch_server_path(dir, VOUCH_DEMO_FILE, path, fault);
    if (err == VOUCH_OK) {
        err = vouch_io_read(path, FILE_MAX, &text, fault);
    }
    if (err == VOUCH_OK) {
        err = parse(path, &text, &what, ret_visitors, fault);
    }
    vouch_buf_done(&text);
    return err == VOUCH_OK ? vouch_demo_company_new(&what, &ret_filled->company, fault) : err;
}

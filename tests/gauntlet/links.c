// SPDX-License-Identifier: ISC
// Gauntlet H6: the root part of a host writes while somebody swaps folders for links under its hands, and puts
// links to other files in the place of its own. Nothing behind a link is ever made, changed or removed.
//
// VOUCH_LONG=1: 100,000 swaps.
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/root.h"

#define SWAPS 2000
#define SWAPS_LONG 100000
#define FOLDER "etc/ssh/vouch"
#define FILE_PATH FOLDER "/app"

struct place {
    char root[64];
    struct vouch_root opened;
    volatile unsigned *swaps; // that the other process made
    volatile int *is_over;
};

static void in_place(const struct place *place, const char *path, char ret_path[static 256]) {
    assert_true(snprintf(ret_path, 256, "%s/%s", place->root, path) < 256);
}

static void make_folder(const struct place *place, const char *path) {
    char whole[256];
    in_place(place, path, whole);
    assert_int_equal(mkdir(whole, 0755), 0);
}

static void make_file(const struct place *place, const char *path, const char *text) {
    char whole[256];
    in_place(place, path, whole);
    FILE *file = fopen(whole, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int is_still(const struct place *place, const char *path, const char *text) {
    char whole[256], found[64] = "";
    in_place(place, path, whole);
    FILE *file = fopen(whole, "r");
    size_t len = file != NULL ? fread(found, 1, sizeof found - 1, file) : 0;
    if (file != NULL) {
        (void)fclose(file);
    }
    return file != NULL && len == strlen(text) && strcmp(found, text) == 0;
}

static struct place *begin(void) {
    static struct place place;
    place = (struct place){.root = "/tmp/vouch-links-XXXXXX"};
    struct vouch_fault fault = {0};
    assert_non_null(mkdtemp(place.root));
    make_folder(&place, "etc");
    make_folder(&place, "etc/ssh");
    make_folder(&place, FOLDER);
    make_folder(&place, "elsewhere");
    make_file(&place, "elsewhere/app", "somebody else's");
    assert_int_equal(vouch_root_open(place.root, &place.opened, &fault), VOUCH_OK);
    void *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(shared, MAP_FAILED);
    place.swaps = shared;
    place.is_over = (volatile int *)shared + 16;
    return &place;
}

static void end(struct place *place) {
    char words[160];
    vouch_root_done(&place->opened);
    (void)munmap((void *)(uintptr_t)place->swaps, 4096);
    (void)snprintf(words, sizeof words, "rm -rf '%s'", place->root);
    assert_int_equal(system(words), 0);
}

// Swaps, in a process of its own, two names for each other until it is over.
static pid_t start_swapping(const struct place *place, const char *a, const char *b) {
    char first[256], second[256];
    in_place(place, a, first);
    in_place(place, b, second);
    pid_t pid = fork();
    assert_true(pid >= 0);
    while (pid == 0) {
        if (*place->is_over || renameat2(AT_FDCWD, first, AT_FDCWD, second, RENAME_EXCHANGE) != 0) {
            _exit(*place->is_over ? 0 : 1);
        }
        ++*place->swaps;
    }
    return pid;
}

static void end_swapping(const struct place *place, pid_t pid) {
    int status = 0;
    *place->is_over = 1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static unsigned wanted(void) {
    const char *is_long = getenv("VOUCH_LONG");
    return is_long != NULL && strcmp(is_long, "1") == 0 ? SWAPS_LONG : SWAPS;
}

// All that the root part does to paths; returns how often it got through.
static unsigned work_until(const struct place *place, unsigned swaps) {
    const struct vouch_root_meta meta = {.mode = 0644};
    const struct vouch_root *root = &place->opened;
    unsigned done = 0;
    while (*place->swaps < swaps || done == 0) {
        done +=
            vouch_root_write(root, FILE_PATH, vouch_bytes_of("ours\n"), &meta, NULL) == VOUCH_OK;
        (void)!vouch_root_folder(root, FOLDER "/made", 0755, NULL);
        (void)!vouch_root_tidy(root, FILE_PATH, NULL);
        (void)!vouch_root_remove(root, FILE_PATH, NULL);
        (void)!vouch_root_remove(root, FOLDER "/made", NULL);
    }
    return done;
}

static size_t count_entries(const struct place *place, const char *folder) {
    vouch_autoarena struct vouch_arena arena = {0};
    struct vouch_text_list names = {0};
    assert_int_equal(vouch_root_list(&place->opened, folder, &arena, &names, NULL), VOUCH_OK);
    return names.count;
}

static void H6_a_folder_that_is_swapped_for_a_link_leads_nowhere(void **state) {
    (void)state;
    struct place *place = begin();
    char link[256], elsewhere[256];
    in_place(place, "etc/ssh/link", link);
    in_place(place, "elsewhere", elsewhere);
    assert_int_equal(symlink(elsewhere, link), 0);
    pid_t pid = start_swapping(place, FOLDER, "etc/ssh/link");
    unsigned done = work_until(place, wanted());
    end_swapping(place, pid);
    assert_true(done > 0);
    assert_true(is_still(place, "elsewhere/app", "somebody else's"));
    assert_int_equal(count_entries(place, "elsewhere"), 1);
    end(place);
}

static void H6_a_folder_above_that_is_swapped_leads_nowhere(void **state) {
    (void)state;
    struct place *place = begin();
    char link[256], elsewhere[256];
    in_place(place, "etc/link", link);
    in_place(place, "elsewhere", elsewhere);
    make_folder(place, "elsewhere/vouch");
    make_file(place, "elsewhere/vouch/app", "this too");
    assert_int_equal(symlink(elsewhere, link), 0);
    pid_t pid = start_swapping(place, "etc/ssh", "etc/link");
    (void)work_until(place, wanted());
    end_swapping(place, pid);
    assert_true(is_still(place, "elsewhere/app", "somebody else's"));
    assert_true(is_still(place, "elsewhere/vouch/app", "this too"));
    assert_int_equal(count_entries(place, "elsewhere/vouch"), 1);
    end(place);
}

static void H6_a_link_in_the_place_of_a_file_is_replaced_not_followed(void **state) {
    (void)state;
    struct place *place = begin();
    const struct vouch_root_meta meta = {.mode = 0644};
    char victim[256], path[256];
    in_place(place, "elsewhere/app", victim);
    in_place(place, FILE_PATH, path);
    for (int i = 0; i < 2; i++) {
        (void)unlink(path);
        assert_int_equal(i == 0 ? symlink(victim, path) : link(victim, path), 0);
        assert_int_equal(
            vouch_root_write(&place->opened, FILE_PATH, vouch_bytes_of("ours\n"), &meta, NULL),
            VOUCH_OK);
        assert_true(is_still(place, "elsewhere/app", "somebody else's"));
        assert_true(is_still(place, FILE_PATH, "ours\n"));
    }
    // And what lies where it writes before it renames.
    in_place(place, FOLDER "/.vouch-new", path);
    assert_int_equal(symlink(victim, path), 0);
    assert_int_equal(
        vouch_root_write(&place->opened, FILE_PATH, vouch_bytes_of("newer\n"), &meta, NULL),
        VOUCH_OK);
    assert_true(is_still(place, "elsewhere/app", "somebody else's"));
    end(place);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(H6_a_folder_that_is_swapped_for_a_link_leads_nowhere),
        cmocka_unit_test(H6_a_folder_above_that_is_swapped_leads_nowhere),
        cmocka_unit_test(H6_a_link_in_the_place_of_a_file_is_replaced_not_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

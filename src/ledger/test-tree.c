// SPDX-License-Identifier: ISC
// Tree hashes: the vectors of RFC 6962's reference implementation, and a second way to compute roots.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "ledger/tile.h"

static struct vouch_hasher *hasher;

static int begin(void **state) {
    (void)state;
    hasher = vouch_hasher_new();
    return hasher != NULL ? 0 : -1;
}

static int end(void **state) {
    (void)state;
    vouch_hasher_free(hasher);
    return 0;
}

static void assert_hash(const struct vouch_tree_hash *hash, const char *hex) {
    char text[2 * VOUCH_TREE_HASH_LEN + 1];
    struct vouch_buf out;
    vouch_buf_init_fixed(&out, text, sizeof text - 1);
    vouch_str_hex((struct vouch_bytes){hash->bytes, sizeof hash->bytes}, &out);
    text[out.len] = '\0';
    assert_string_equal(text, hex);
}

static const char *const known_leaves[] = {
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
};

// Of the tree without leaves, with the first, with the first two, and so on.
static const char *const known_roots[] = {
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};

static void gives_the_known_roots_of_eight_leaves(void **state) {
    (void)state;
    struct vouch_tree tree;
    struct vouch_tree_hash hash;
    assert_int_equal(vouch_tree_init(&tree, hasher), VOUCH_OK);
    for (size_t i = 0;; i++) {
        vouch_tree_root(&tree, &hash);
        assert_hash(&hash, known_roots[i]);
        if (i == sizeof known_leaves / sizeof known_leaves[0]) {
            break;
        }
        uint8_t memory[16];
        struct vouch_buf leaf;
        vouch_buf_init_fixed(&leaf, memory, sizeof memory);
        assert_int_equal(vouch_str_unhex(vouch_bytes_of(known_leaves[i]), &leaf), VOUCH_OK);
        vouch_hasher_leaf(hasher, vouch_buf_bytes(&leaf), &hash);
        vouch_tree_add(&tree, &hash);
    }
    vouch_tree_done(&tree);
    assert_int_equal(vouch_hasher_error(hasher), VOUCH_OK);
}

static void leaf_of(uint64_t number, struct vouch_tree_hash *ret_hash) {
    vouch_hasher_leaf(hasher, (struct vouch_bytes){(const uint8_t *)&number, sizeof number},
                      ret_hash);
}

// MTH as RFC 6962 section 2.1 writes it down.
static void root_of(uint64_t first, uint64_t count, struct vouch_tree_hash *ret_hash) {
    struct vouch_tree_hash left;
    struct vouch_tree_hash right;
    uint64_t split = 1;
    if (count == 1) {
        leaf_of(first, ret_hash);
        return;
    }
    while (split * 2 < count) {
        split *= 2;
    }
    root_of(first, split, &left);
    root_of(first + split, count - split, &right);
    vouch_hasher_node(hasher, &left, &right, ret_hash);
}

static void gives_the_root_by_definition_across_tile_borders(void **state) {
    (void)state;
    static const uint64_t sizes[] = {1,     2,     3,     127,   128,    129,   255,
                                     256,   257,   511,   512,   513,    65280, 65535,
                                     65536, 65537, 65793, 66000, 131072, 131073};
    struct vouch_tree tree;
    struct vouch_tree_hash hash;
    struct vouch_tree_hash expected;
    assert_int_equal(vouch_tree_init(&tree, hasher), VOUCH_OK);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        while (tree.size < sizes[i]) {
            leaf_of(tree.size, &hash);
            vouch_tree_add(&tree, &hash);
        }
        vouch_tree_root(&tree, &hash);
        root_of(0, sizes[i], &expected);
        assert_memory_equal(&hash, &expected, sizeof hash);
    }
    vouch_tree_done(&tree);
}

static void hands_out_each_tile_that_fills_up(void **state) {
    (void)state;
    struct vouch_tree tree;
    struct vouch_tree_hash hash;
    uint64_t filled[3] = {0};
    assert_int_equal(vouch_tree_init(&tree, hasher), VOUCH_OK);
    for (uint64_t i = 0; i < 65536 + 300; i++) {
        leaf_of(i, &hash);
        vouch_tree_add(&tree, &hash);
        for (unsigned level = 0; level < tree.filled; level++) {
            assert_int_equal(tree.width[level], VOUCH_TILE_WIDTH);
            root_of(filled[level] << (8 * (level + 1)), UINT64_C(1) << (8 * level), &hash);
            assert_memory_equal(&tree.tiles[level][0], &hash, sizeof hash);
            filled[level]++;
        }
    }
    for (unsigned level = 0; level < 3; level++) {
        assert_int_equal(filled[level], vouch_tree_full_tiles(tree.size, level));
        assert_int_equal(tree.width[level] % VOUCH_TILE_WIDTH,
                         vouch_tree_partial_width(tree.size, level));
    }
    vouch_tree_done(&tree);
}

static void counts_tiles_of_the_largest_tree(void **state) {
    (void)state;
    assert_int_equal(vouch_tree_full_tiles(UINT64_MAX, 0), UINT64_MAX >> 8);
    assert_int_equal(vouch_tree_full_tiles(UINT64_MAX, 6), 255);
    assert_int_equal(vouch_tree_full_tiles(UINT64_MAX, 7), 0);
    assert_int_equal(vouch_tree_partial_width(UINT64_MAX, 7), 255);
    assert_int_equal(vouch_tree_partial_width(256, 0), 0);
    assert_int_equal(vouch_tree_partial_width(256, 1), 1);
}

static void names_tiles_as_tlog_tiles_does(void **state) {
    (void)state;
    static const struct {
        struct vouch_tile tile;
        const char *path;
    } rows[] = {
        {{0, 0, 256}, "tile/0/000"},
        {{0, 1234067, 256}, "tile/0/x001/x234/067"},
        {{1, 5, 17}, "tile/1/005.p/17"},
        {{2, 1000, 1}, "tile/2/x001/000.p/1"},
        {{0, 999999, 255}, "tile/0/x999/999.p/255"},
        {{7, UINT64_MAX, 255}, "tile/7/x018/x446/x744/x073/x709/x551/615.p/255"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char path[VOUCH_TILE_PATH_MAX];
        vouch_tile_path(&rows[i].tile, path);
        assert_string_equal(path, rows[i].path);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_known_roots_of_eight_leaves),
        cmocka_unit_test(gives_the_root_by_definition_across_tile_borders),
        cmocka_unit_test(hands_out_each_tile_that_fills_up),
        cmocka_unit_test(counts_tiles_of_the_largest_tree),
        cmocka_unit_test(names_tiles_as_tlog_tiles_does),
    };
    return cmocka_run_group_tests_name("ledger/tree", tests, begin, end);
}

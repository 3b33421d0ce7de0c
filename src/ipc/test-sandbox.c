// SPDX-License-Identifier: ISC
// Tests of ipc/sandbox.h by attack: a child enters the sandbox of each role and tries what a break-in
// would try. Each must end in its death by SIGSYS or in an error; and what a role needs must work.
#include "ipc/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/secret.h"
#include "base/time.h"
#include "core/key.h"
#include "ipc/frame.h"
#include "ipc/test-attacks.h"

// A child that could not even begin.
#define NOT_ENTERED 12

static const struct {
    const char *name;
    struct vouch_sandbox sandbox;
} roles[] = {
    {"signer", {.profile = VOUCH_SANDBOX_SIGNER}},
    {"signer with an agent",
     {.profile = VOUCH_SANDBOX_SIGNER, .network = VOUCH_SANDBOX_CONNECT_LOCAL}},
    {"authority", {.profile = VOUCH_SANDBOX_AUTHORITY}},
    {"authority with a database",
     {.profile = VOUCH_SANDBOX_AUTHORITY, .network = VOUCH_SANDBOX_CONNECT}},
    {"web", {.profile = VOUCH_SANDBOX_WEB, .network = VOUCH_SANDBOX_OPEN_SOCKETS}},
    {"identity", {.profile = VOUCH_SANDBOX_IDENTITY}},
    {"identity with a provider",
     {.profile = VOUCH_SANDBOX_IDENTITY, .network = VOUCH_SANDBOX_CONNECT}},
    {"agent of a host", {.profile = VOUCH_SANDBOX_HOST, .network = VOUCH_SANDBOX_CONNECT}},
};
#define ROLE_COUNT (sizeof roles / sizeof roles[0])

static int in_sandbox(const struct vouch_sandbox *sandbox, int (*work)(void)) {
    pid_t child = fork();
    if (child == 0) {
        struct vouch_sandbox_report report;
        struct vouch_fault fault = {0};
        if (vouch_sandbox_enter(sandbox, &report, &fault) != VOUCH_OK) {
            (void)fprintf(stderr, "# %s\n", fault.text);
            _exit(NOT_ENTERED);
        }
        _exit(work());
    }
    int status = 0;
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static int is_killed(int status) {
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
}

static int is_refused(int status) {
    return is_killed(status) || (WIFEXITED(status) && WEXITSTATUS(status) == TEST_REFUSED);
}

static void refuses_every_attack_in_every_role(void **state) {
    (void)state;
    for (size_t i = 0; i < ROLE_COUNT * test_attack_count; i++) {
        size_t role = i / test_attack_count, attack = i % test_attack_count;
        int status = in_sandbox(&roles[role].sandbox, test_attacks[attack].attempt);
        int good =
            test_attacks[attack].end == TEST_ATTACK_FAILS ? is_refused(status) : is_killed(status);
        // With the Internet open, datagrams to an address are too (name servers).
        good |= roles[role].sandbox.network == VOUCH_SANDBOX_CONNECT &&
                strcmp(test_attacks[attack].name, "sendto_address") == 0;
        // A list is handed to the root part as a file in memory, which nobody can execute.
        good |= roles[role].sandbox.profile == VOUCH_SANDBOX_HOST &&
                strcmp(test_attacks[attack].name, "memfd") == 0;
        if (!good) {
            fail_msg("%s: %s: status %x", roles[role].name, test_attacks[attack].name,
                     (unsigned)status);
        }
    }
}

// So that the test above can fail: outside, most of these do something, or fail otherwise than by
// SIGSYS.
static void the_attacks_are_not_refused_outside(void **state) {
    (void)state;
    static const char *const harmless[] = {"open",   "openat",  "stat",          "kill",
                                           "execve", "clone",   "mprotect_exec", "mmap_exec",
                                           "memfd",  "inotify", "listen",        "sendto_address"};
    for (size_t i = 0; i < sizeof harmless / sizeof harmless[0]; i++) {
        pid_t child = fork();
        if (child == 0) {
            _exit(test_attack_find(harmless[i])->attempt());
        }
        int status = 0;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        assert_true(WEXITSTATUS(status) == TEST_HAPPENED || WEXITSTATUS(status) == 0);
    }
}

static int try_namespace(void) {
    long pid = syscall(SYS_clone, CLONE_NEWNS | SIGCHLD, 0, 0, 0, 0);
    return pid == 0 ? TEST_HAPPENED : test_attack_judge(pid);
}

// By its own list: children inherit it, so what they need goes on.
static void keeps_the_root_part_of_a_host_and_its_children_to_their_work(void **state) {
    (void)state;
    static const char *const refused[] = {
        "open_write",
        "open_by_handle",
        "creat",
        "mknod",
        "symlink",
        "mkdir",
        "chroot",
        "mount",
        "fanotify",
        "socket_raw",
        "socket_netlink",
        "socket_vsock",
        "socket_alg",
        "bind",
        "listen",

        "clone3",
        "unshare",
        "setns",
        "ptrace",
        "ptrace_other",
        "process_vm_readv",
        "pidfd_getfd",
        "personality",
        "io_uring",
        "bpf",
        "userfaultfd",
        "perf",
        "keyctl",
        "add_key",
        "modify_ldt",
        "init_module",
        "sysfs_setdomain",
        "settime",
        "kcmp",
        "process_vm_writev",
        "x32_open",
        "old_numbers",
    };
    static const char *const allowed[] = {"open", "stat",  "readlink", "kill",
                                          "fork", "clone", "execve",   "mmap_exec"};
    static const char *const all[] = {"/"}, *const programs[] = {"/usr", "/bin", "/lib", "/lib64"};
    const struct vouch_sandbox sandbox = {.profile = VOUCH_SANDBOX_HOST_ROOT,
                                          .network = VOUCH_SANDBOX_CONNECT,
                                          .readable = {all, 1},
                                          .executable = {programs, 4}};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        if (!is_refused(in_sandbox(&sandbox, test_attack_find(refused[i])->attempt))) {
            fail_msg("the root part of a host: %s", refused[i]);
        }
    }
    assert_true(is_refused(in_sandbox(&sandbox, try_namespace)));
    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++) {
        int status = in_sandbox(&sandbox, test_attack_find(allowed[i])->attempt);
        if (!WIFEXITED(status) ||
            (WEXITSTATUS(status) != TEST_HAPPENED && WEXITSTATUS(status) != 0)) {
            fail_msg("the root part of a host cannot %s: %x", allowed[i], (unsigned)status);
        }
    }
}

static int try_connect_internet(void) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return test_attack_judge(
        connect(fd, (const struct sockaddr *)&test_targets.loopback, sizeof test_targets.loopback));
}

static int try_connect_open_socket(void) {
    // The socket is everybody's: undo what the last one did.
    (void)connect(test_targets.tcp_fd, &(struct sockaddr){.sa_family = AF_UNSPEC},
                  sizeof(struct sockaddr));
    return test_attack_judge(connect(test_targets.tcp_fd,
                                     (const struct sockaddr *)&test_targets.loopback,
                                     sizeof test_targets.loopback));
}

static struct sockaddr_un unix_address(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", test_targets.folder);
    return address;
}

static int try_connect_local(void) {
    const struct sockaddr_un address = unix_address();
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return test_attack_judge(connect(fd, (const struct sockaddr *)&address, sizeof address));
}

static int try_accept(void) {
    return test_attack_judge(
        accept4(test_targets.unix_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK));
}

static int status_of(enum vouch_sandbox_profile profile, enum vouch_sandbox_network network,
                     int (*work)(void)) {
    const struct vouch_sandbox sandbox = {.profile = profile, .network = network};
    return in_sandbox(&sandbox, work);
}

static void leaves_of_the_network_what_was_chosen(void **state) {
    (void)state;
    static const struct {
        enum vouch_sandbox_profile profile;
        enum vouch_sandbox_network network;
        int internet, open_socket, local, accept; // nonzero: happens
    } rows[] = {
        {VOUCH_SANDBOX_SIGNER, VOUCH_SANDBOX_NO_NETWORK, 0, 0, 0, 0},
        {VOUCH_SANDBOX_WEB, VOUCH_SANDBOX_NO_NETWORK, 0, 0, 0, 0},
        {VOUCH_SANDBOX_WEB, VOUCH_SANDBOX_OPEN_SOCKETS, 0, 0, 0, 1},
        {VOUCH_SANDBOX_AUTHORITY, VOUCH_SANDBOX_NO_NETWORK, 0, 0, 0, 0},
        {VOUCH_SANDBOX_SIGNER, VOUCH_SANDBOX_CONNECT_LOCAL, 0, 0, 1, 0},
        {VOUCH_SANDBOX_IDENTITY, VOUCH_SANDBOX_NO_NETWORK, 0, 0, 0, 0},
        {VOUCH_SANDBOX_IDENTITY, VOUCH_SANDBOX_CONNECT_LOCAL, 0, 0, 1, 0},
        {VOUCH_SANDBOX_IDENTITY, VOUCH_SANDBOX_CONNECT, 1, 1, 1, 0},
        {VOUCH_SANDBOX_AUTHORITY, VOUCH_SANDBOX_CONNECT, 1, 1, 1, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct {
            int (*work)(void);
            int happens;
        } tries[] = {{try_connect_internet, rows[i].internet},
                     {try_connect_open_socket, rows[i].open_socket},
                     {try_connect_local, rows[i].local},
                     {try_accept, rows[i].accept}};
        for (size_t k = 0; k < sizeof tries / sizeof tries[0]; k++) {
            // Someone to accept.
            const struct sockaddr_un address = unix_address();
            int caller = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
            assert_int_equal(connect(caller, (const struct sockaddr *)&address, sizeof address), 0);
            int status = status_of(rows[i].profile, rows[i].network, tries[k].work);
            close(caller);
            int happened = WIFEXITED(status) && WEXITSTATUS(status) == TEST_HAPPENED;
            assert_int_equal(happened, tries[k].happens);
            assert_true(happened || is_refused(status));
        }
    }
}

// Connecting an open socket where only Landlock stands in the way: the signer may connect, to UNIX
// sockets.
static void landlock_keeps_tcp_from_an_open_socket(void **state) {
    (void)state;
    int status =
        status_of(VOUCH_SANDBOX_SIGNER, VOUCH_SANDBOX_CONNECT_LOCAL, try_connect_open_socket);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), TEST_REFUSED);
}

#define NEED(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            (void)fprintf(stderr, "# needed: %s\n", #condition);                                   \
            return 1;                                                                              \
        }                                                                                          \
    } while (0)

// Everything from cold: the sandbox must not depend on what a library did before it.
static int signs_with(enum vouch_key_type type, unsigned bits) {
    struct vouch_private_key *key = NULL;
    struct vouch_buf signature;
    vouch_buf_init(&signature, 4096);
    NEED(vouch_private_key_generate(type, bits, &key) == VOUCH_OK);
    struct vouch_bytes data = vouch_bytes_of("to be signed");
    NEED(vouch_private_key_sign(key, NULL, data, &signature) == VOUCH_OK);
    NEED(vouch_key_verify(vouch_private_key_public(key), vouch_buf_bytes(&signature), data) ==
         VOUCH_OK);
    vouch_private_key_free(key);
    vouch_buf_done(&signature);
    return 0;
}

static int lane_fds[2];

static int talks_over_a_lane(void) {
    static const struct vouch_frame_rule rule = {.type = 1, .body_max = 64, .name = "text"};
    static const struct vouch_frame_protocol protocol = {"test", &rule, 1, &rule, 1};
    struct vouch_lane asks, answers;
    vouch_lane_init(&asks, lane_fds[0], &protocol, VOUCH_LANE_ASKS);
    vouch_lane_init(&answers, lane_fds[1], &protocol, VOUCH_LANE_ANSWERS);
    uint64_t deadline_ns = vouch_time_monotonic_ns() + UINT64_C(5000000000);
    struct vouch_message message = {0};
    vouch_buf_put_text(vouch_lane_begin(&asks), "hello");
    NEED(vouch_lane_send(&asks, 1, deadline_ns, NULL) == VOUCH_OK);
    NEED(vouch_lane_receive(&answers, deadline_ns, &message, NULL) == VOUCH_OK);
    NEED(message.body.len == 5);
    (void)vouch_lane_begin(&answers);
    NEED(vouch_lane_send(&answers, 1, deadline_ns, NULL) == VOUCH_OK);
    NEED(vouch_lane_receive(&asks, deadline_ns, &message, NULL) == VOUCH_OK);
    NEED(message.kind == VOUCH_MESSAGE_FRAME);
    vouch_lane_done(&asks);
    vouch_lane_done(&answers);
    return 0;
}

static void *lock_and_open(void *context) {
    pthread_mutex_t *mutex = context;
    pthread_mutex_lock(mutex);
    pthread_mutex_unlock(mutex);
    return open("/etc/passwd", O_RDONLY | O_CLOEXEC) < 0 ? NULL : context;
}

static int starts_threads(void) {
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_t threads[4];
    pthread_mutex_lock(&mutex);
    for (size_t i = 0; i < 4; i++) {
        NEED(pthread_create(&threads[i], NULL, lock_and_open, &mutex) == 0);
    }
    pthread_mutex_unlock(&mutex);
    for (size_t i = 0; i < 4; i++) {
        void *result = &mutex;
        NEED(pthread_join(threads[i], &result) == 0);
        NEED(result == NULL); // what a thread opens is refused too
    }
    return 0;
}

static int uses_memory_and_time(void) {
    for (size_t len = 16; len < (64 << 20); len *= 8) {
        char *memory = malloc(len);
        NEED(memory != NULL);
        memset(memory, 1, len);
        NEED((memory = realloc(memory, len * 2)) != NULL);
        free(memory);
    }
    struct vouch_secret secret = {0};
    NEED(vouch_secret_new(64, &secret) == VOUCH_OK);
    vouch_random(secret.ptr, secret.len);
    vouch_secret_done(&secret);
    struct timespec now, pause = {0, 1000};
    NEED(syscall(SYS_clock_gettime, CLOCK_REALTIME, &now) == 0);
    NEED(nanosleep(&pause, NULL) == 0);
    NEED(syscall(SYS_getrandom, &now, sizeof now, 0) == sizeof now);
    struct pollfd nothing = {.fd = test_targets.file_fd, .events = POLLIN};
    NEED(poll(&nothing, 1, 0) >= 0);
    struct stat meta;
    NEED(fstat(test_targets.file_fd, &meta) == 0);
    NEED(!isatty(test_targets.file_fd));
    return 0;
}

// What a password's hash asks for: much memory at once, on each of several threads.
#define HASH_BYTES ((size_t)64 << 20)

static void *fills_memory(void *context) {
    char *memory = mmap(NULL, HASH_BYTES, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (memory == MAP_FAILED) {
        return NULL;
    }
    memset(memory, 1, HASH_BYTES);
    return munmap(memory, HASH_BYTES) == 0 ? context : NULL;
}

static int hashes_passwords(void) {
    pthread_t threads[2];
    for (size_t i = 0; i < 2; i++) {
        NEED(pthread_create(&threads[i], NULL, fills_memory, threads) == 0);
    }
    for (size_t i = 0; i < 2; i++) {
        void *result = NULL;
        NEED(pthread_join(threads[i], &result) == 0);
        NEED(result != NULL);
    }
    return 0;
}

static int does_what_every_role_does(void) {
    NEED(uses_memory_and_time() == 0);
    NEED(signs_with(VOUCH_KEY_ED25519, 0) == 0);
    NEED(signs_with(VOUCH_KEY_ECDSA_P256, 0) == 0);
    NEED(signs_with(VOUCH_KEY_RSA, 2048) == 0);
    NEED(talks_over_a_lane() == 0);
    NEED(starts_threads() == 0);
    return 0;
}

static int writes_durably(void) {
    NEED(pwrite(test_targets.file_fd, "record", 6, 0) == 6);
    NEED(fdatasync(test_targets.file_fd) == 0);
    char text[6];
    NEED(pread(test_targets.file_fd, text, 6, 0) == 6);
    NEED(ftruncate(test_targets.file_fd, 0) == 0);
    return 0;
}

static void lets_every_role_do_its_work(void **state) {
    (void)state;
    for (size_t i = 0; i < ROLE_COUNT; i++) {
        print_message("# %s\n", roles[i].name);
        assert_int_equal(in_sandbox(&roles[i].sandbox, does_what_every_role_does), 0);
    }
}

static void lets_identity_hash_passwords(void **state) {
    (void)state;
    assert_int_equal(status_of(VOUCH_SANDBOX_IDENTITY, VOUCH_SANDBOX_NO_NETWORK, hashes_passwords),
                     0);
}

static void lets_only_keepers_of_files_write_durably(void **state) {
    (void)state;
    assert_int_equal(status_of(VOUCH_SANDBOX_SIGNER, VOUCH_SANDBOX_NO_NETWORK, writes_durably), 0);
    assert_int_equal(status_of(VOUCH_SANDBOX_AUTHORITY, VOUCH_SANDBOX_NO_NETWORK, writes_durably),
                     0);
    assert_true(is_killed(status_of(VOUCH_SANDBOX_WEB, VOUCH_SANDBOX_NO_NETWORK, writes_durably)));
    assert_true(
        is_killed(status_of(VOUCH_SANDBOX_IDENTITY, VOUCH_SANDBOX_NO_NETWORK, writes_durably)));
}

static int opens(const char *name, int flags) {
    char path[96];
    (void)snprintf(path, sizeof path, "%s/%s", test_targets.folder, name);
    int fd = open(path, flags | O_CLOEXEC, 0600);
    if (fd >= 0) {
        close(fd);
    }
    return fd >= 0 ? 0 : errno;
}

static int uses_its_folders_only(void) {
    char from[96], to[96];
    (void)snprintf(from, sizeof from, "%s/rw/a", test_targets.folder);
    (void)snprintf(to, sizeof to, "%s/rw/b", test_targets.folder);
    NEED(opens("rw/a", O_WRONLY | O_CREAT | O_EXCL) == 0);
    NEED(rename(from, to) == 0);
    NEED(opens("rw/b", O_RDWR | O_TRUNC) == 0);
    NEED(unlink(to) == 0);
    NEED(opens("ro/given", O_RDONLY) == 0);
    NEED(opens("ro/given", O_WRONLY) == EACCES);
    NEED(opens("ro/made", O_WRONLY | O_CREAT) == EACCES);
    NEED(opens("one-file", O_RDONLY) == 0);
    NEED(opens("other-file", O_RDONLY) == EACCES);
    NEED(opens("rw/../other-file", O_RDONLY) == EACCES);
    NEED(opens("rw/way-out", O_RDONLY) == EACCES); // a symbolic link to other-file
    NEED(open("/etc/passwd", O_RDONLY | O_CLOEXEC) < 0 && errno == EACCES);
    NEED(open("/proc/self/mem", O_RDWR | O_CLOEXEC) < 0 && errno == EACCES);
    NEED(opens("", O_RDONLY | O_DIRECTORY) == EACCES);
    return 0;
}

static void leaves_of_the_files_what_was_given(void **state) {
    (void)state;
    char rw[96], ro[96], one[96];
    (void)snprintf(rw, sizeof rw, "%s/rw", test_targets.folder);
    (void)snprintf(ro, sizeof ro, "%s/ro", test_targets.folder);
    (void)snprintf(one, sizeof one, "%s/one-file", test_targets.folder);
    const char *const readable[] = {ro, one};
    const char *const writable[] = {rw};
    const struct vouch_sandbox sandbox = {
        .profile = VOUCH_SANDBOX_SIGNER, .readable = {readable, 2}, .writable = {writable, 1}};
    assert_int_equal(in_sandbox(&sandbox, uses_its_folders_only), 0);
    assert_true(is_killed(in_sandbox(&sandbox, test_attack_find("execve")->attempt)));
    assert_true(is_killed(in_sandbox(&sandbox, test_attack_find("mmap_exec")->attempt)));
    assert_true(is_refused(in_sandbox(&sandbox, test_attack_find("openat2")->attempt)));
}

static void refuses_a_path_that_is_not_there(void **state) {
    (void)state;
    const char *const missing[] = {"/nowhere/ledger"};
    const struct vouch_sandbox sandbox = {.profile = VOUCH_SANDBOX_SIGNER,
                                          .writable = {missing, 1}};
    pid_t child = fork();
    if (child == 0) {
        struct vouch_sandbox_report report;
        struct vouch_fault fault = {0};
        int err = vouch_sandbox_enter(&sandbox, &report, &fault);
        _exit(err == VOUCH_ERR_NOT_FOUND && strstr(fault.text, "/nowhere/ledger") != NULL ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static int enter(const struct vouch_sandbox *sandbox) {
    struct vouch_sandbox_report report;
    return vouch_sandbox_enter(sandbox, &report, NULL);
}

static void refuses_more_network_than_a_role_may_have(void **state) {
    (void)state;
    static const struct vouch_sandbox wrong[] = {
        {0},
        {.profile = VOUCH_SANDBOX_IDENTITY + 1},
        {.profile = VOUCH_SANDBOX_SIGNER, .network = VOUCH_SANDBOX_OPEN_SOCKETS},
        {.profile = VOUCH_SANDBOX_SIGNER, .network = VOUCH_SANDBOX_CONNECT},
        {.profile = VOUCH_SANDBOX_WEB, .network = VOUCH_SANDBOX_CONNECT_LOCAL},
        {.profile = VOUCH_SANDBOX_WEB, .network = VOUCH_SANDBOX_CONNECT},
        {.profile = VOUCH_SANDBOX_AUTHORITY, .network = VOUCH_SANDBOX_CONNECT + 1},
        {.profile = VOUCH_SANDBOX_IDENTITY, .network = VOUCH_SANDBOX_OPEN_SOCKETS},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(enter(&wrong[i]), VOUCH_ERR_ARGUMENT);
    }
    // Nothing was taken from us.
    int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    close(fd);
}

static void *wait_for_end(void *context) {
    pthread_mutex_lock(context);
    pthread_mutex_unlock(context);
    return NULL;
}

static void refuses_a_process_with_threads(void **state) {
    (void)state;
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_t thread;
    pthread_mutex_lock(&mutex);
    assert_int_equal(pthread_create(&thread, NULL, wait_for_end, &mutex), 0);
    const struct vouch_sandbox sandbox = {.profile = VOUCH_SANDBOX_SIGNER};
    assert_int_equal(enter(&sandbox), VOUCH_ERR_ARGUMENT);
    pthread_mutex_unlock(&mutex);
    pthread_join(thread, NULL);
}

// Makes one system call fail, as on a kernel that does not have it; for prctl only one request.
static void take_away(long call, uint32_t first_argument, uint32_t error) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, first_argument, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof code / sizeof code[0], code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
        _exit(2);
    }
}

// On a kernel without `wall`: refuses, unless it is optional, and then warns of exactly that.
static int meets_old_kernel(const char *wall) {
    struct vouch_sandbox sandbox = {.profile = VOUCH_SANDBOX_SIGNER};
    struct vouch_sandbox_report report = {0};
    struct vouch_fault fault = {0};
    if (strcmp(wall, "Landlock") == 0) {
        take_away(SYS_landlock_create_ruleset, 0, ENOSYS);
    } else {
        take_away(SYS_prctl, PR_GET_SECCOMP, EINVAL);
    }
    pid_t child = fork();
    if (child == 0) {
        NEED(vouch_sandbox_enter(&sandbox, &report, &fault) == VOUCH_ERR_UNSUPPORTED);
        NEED(strstr(fault.text, wall) != NULL);
        _exit(0);
    }
    int status = 0;
    NEED(waitpid(child, &status, 0) == child && status == 0);
    sandbox.need = VOUCH_SANDBOX_OPTIONAL;
    NEED(vouch_sandbox_enter(&sandbox, &report, &fault) == VOUCH_OK);
    NEED(strstr(report.warning, "WITHOUT") != NULL && strstr(report.warning, wall) != NULL);
    NEED((report.landlock_abi == 0) == (strcmp(wall, "Landlock") == 0));
    NEED((report.has_seccomp == 0) == (strcmp(wall, "seccomp") == 0));
    // The wall that is left still stands.
    return open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0;
}

static void goes_on_without_a_wall_only_if_told(void **state) {
    (void)state;
    static const char *const walls[] = {"Landlock", "seccomp"};
    for (size_t i = 0; i < 2; i++) {
        pid_t child = fork();
        if (child == 0) {
            _exit(meets_old_kernel(walls[i]));
        }
        int status = 0;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
    }
}

static int reports_all_walls(void) {
    struct vouch_sandbox_report report = {.warning = "x"};
    const struct vouch_sandbox sandbox = {.profile = VOUCH_SANDBOX_WEB};
    NEED(vouch_sandbox_enter(&sandbox, &report, NULL) == VOUCH_OK);
    NEED(report.landlock_abi > 0 && report.has_seccomp && report.warning[0] == '\0');
    NEED(prctl(PR_SET_NAME, "in") == 0);
    return 0;
}

static void reports_that_every_wall_stands(void **state) {
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        _exit(reports_all_walls());
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static int aborts(void) {
    (void)signal(SIGABRT, SIG_DFL);
    abort();
}

static void lets_abort_end_the_process(void **state) {
    (void)state;
    int status = status_of(VOUCH_SANDBOX_SIGNER, VOUCH_SANDBOX_NO_NETWORK, aborts);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static void make_file(const char *name) {
    assert_int_equal(opens(name, O_WRONLY | O_CREAT), 0);
}

static void make_folder(const char *name) {
    char path[96];
    (void)snprintf(path, sizeof path, "%s/%s", test_targets.folder, name);
    assert_int_equal(mkdir(path, 0700), 0);
}

static int begin(void **state) {
    (void)state;
    (void)setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    test_targets.parent = getpid();
    (void)snprintf(test_targets.folder, sizeof test_targets.folder, "/tmp/vouch-sandbox-XXXXXX");
    assert_non_null(mkdtemp(test_targets.folder));
    make_folder("rw");
    make_folder("ro");
    make_file("ro/given");
    make_file("one-file");
    make_file("other-file");
    char path[96];
    (void)snprintf(path, sizeof path, "%s/rw/way-out", test_targets.folder);
    assert_int_equal(symlink("../other-file", path), 0);
    (void)snprintf(path, sizeof path, "%s/rw/file", test_targets.folder);
    test_targets.file_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    test_targets.pid_fd = (int)syscall(SYS_pidfd_open, test_targets.parent, 0);
    test_targets.tty_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    test_targets.udp_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    test_targets.tcp_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    test_targets.unix_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const struct sockaddr_un address = unix_address();
    assert_int_equal(bind(test_targets.unix_fd, (const struct sockaddr *)&address, sizeof address),
                     0);
    assert_int_equal(listen(test_targets.unix_fd, 64), 0);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    test_targets.loopback =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    assert_int_equal(bind(listener, (const struct sockaddr *)&test_targets.loopback,
                          sizeof test_targets.loopback),
                     0);
    assert_int_equal(listen(listener, 64), 0);
    socklen_t len = sizeof test_targets.loopback;
    assert_int_equal(getsockname(listener, (struct sockaddr *)&test_targets.loopback, &len), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, lane_fds), 0);
    test_targets.code_page =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(test_targets.code_page != MAP_FAILED);
    return 0;
}

static int end(void **state) {
    (void)state;
    static const char *const names[] = {
        "rw/way-out", "rw/file", "ro/given", "one-file", "other-file", "socket", "rw", "ro", "."};
    int err = 0;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[96];
        (void)snprintf(path, sizeof path, "%s/%s", test_targets.folder, names[i]);
        err |= remove(strcmp(names[i], ".") == 0 ? test_targets.folder : path);
    }
    return err;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_every_attack_in_every_role),
        cmocka_unit_test(the_attacks_are_not_refused_outside),
        cmocka_unit_test(keeps_the_root_part_of_a_host_and_its_children_to_their_work),
        cmocka_unit_test(leaves_of_the_network_what_was_chosen),
        cmocka_unit_test(landlock_keeps_tcp_from_an_open_socket),
        cmocka_unit_test(lets_every_role_do_its_work),
        cmocka_unit_test(lets_identity_hash_passwords),
        cmocka_unit_test(lets_only_keepers_of_files_write_durably),
        cmocka_unit_test(leaves_of_the_files_what_was_given),
        cmocka_unit_test(refuses_a_path_that_is_not_there),
        cmocka_unit_test(refuses_more_network_than_a_role_may_have),
        cmocka_unit_test(refuses_a_process_with_threads),
        cmocka_unit_test(goes_on_without_a_wall_only_if_told),
        cmocka_unit_test(reports_that_every_wall_stands),
        cmocka_unit_test(lets_abort_end_the_process),
    };
    return cmocka_run_group_tests(tests, begin, end);
}

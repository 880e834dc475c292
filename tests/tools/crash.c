/* Kills a process before the n-th system call by which it changes anything below a folder.
 *
 * CRASH_POINT names a file of two numbers of 8 bytes: calls so far, and the call before which all
 * ends (0: none). CRASH_BELOW is the folder. CRASH_LOG gets a line for each call: process,
 * name and path. Processes with the same file share its numbers. What is written to the log for
 * support is no such change: nothing depends on it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct point { int64_t calls, last; } *point;
static const char *below;
static int journal = -1;

static int is_armed(void) {
    const char *name = getenv("CRASH_POINT");
    if (point || !name) return point != NULL;
    int file = open(name, O_RDWR | O_CLOEXEC);
    if (file < 0) return 0;
    void *place = mmap(0, sizeof *point, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    below = getenv("CRASH_BELOW");
    journal = open(getenv("CRASH_LOG"), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (place != MAP_FAILED) point = place;
    return point != NULL;
}

static void count(const char *call, const char *path) {
    char line[PATH_MAX + 64];
    size_t length = strlen(below);
    if (strncmp(path, below, length) || path[length] != '/') return;
    if (!strncmp(path + length, "/support.log", 12)) return;
    int64_t number = __atomic_add_fetch(&point->calls, 1, __ATOMIC_SEQ_CST);
    int size = snprintf(line, sizeof line, "%d %s %s\n", getpid(), call, path + length + 1);
    syscall(SYS_write, journal, line, size);
    if (number == point->last) {
        syscall(SYS_kill, getpid(), SIGKILL);
        for (;;) pause();
    }
}

static void named(const char *call, const char *path) {
    char whole[PATH_MAX];
    if (!is_armed()) return;
    if (path[0] == '/') {
        count(call, path);
    } else if (getcwd(whole, sizeof whole)) {
        snprintf(whole + strlen(whole), sizeof whole - strlen(whole), "/%s", path);
        count(call, whole);
    }
}

static void opened(const char *call, int file) {
    char link[64], path[PATH_MAX];
    if (!is_armed()) return;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0) return;
    path[length] = 0;
    count(call, path);
}

#define NEXT(result, name, types, ...) \
    static result(*next) types; \
    if (!next) next = dlsym(RTLD_NEXT, #name); \
    return next(__VA_ARGS__)
#define OF_FILE(result, name, types, file, ...) \
    result name types { opened(#name, file); NEXT(result, name, types, file, ##__VA_ARGS__); }
#define OF_NAME(name, types, path, ...) \
    int name types { named(#name, path); NEXT(int, name, types, __VA_ARGS__); }

OF_FILE(ssize_t, write, (int file, const void *data, size_t size), file, data, size)
OF_FILE(ssize_t, pwrite, (int file, const void *data, size_t size, off_t at), file, data, size, at)
OF_FILE(ssize_t, pwrite64, (int file, const void *data, size_t size, off64_t at), file, data, size, at)
OF_FILE(int, ftruncate, (int file, off_t size), file, size)
OF_FILE(int, ftruncate64, (int file, off64_t size), file, size)
OF_FILE(int, fsync, (int file), file)
OF_FILE(int, fdatasync, (int file), file)
OF_FILE(ssize_t, sendfile, (int to, int from, off_t *at, size_t size), to, from, at, size)
OF_FILE(ssize_t, sendfile64, (int to, int from, off64_t *at, size_t size), to, from, at, size)
OF_NAME(rename, (const char *from, const char *to), to, from, to)
OF_NAME(renameat, (int a, const char *from, int b, const char *to), to, a, from, b, to)
OF_NAME(renameat2, (int a, const char *from, int b, const char *to, unsigned how), to, a, from, b, to, how)
OF_NAME(link, (const char *from, const char *to), to, from, to)
OF_NAME(linkat, (int a, const char *from, int b, const char *to, int how), to, a, from, b, to, how)
OF_NAME(unlink, (const char *path), path, path)
OF_NAME(unlinkat, (int a, const char *path, int how), path, a, path, how)
OF_NAME(mkdir, (const char *path, mode_t mode), path, path, mode)
OF_NAME(rmdir, (const char *path), path, path)

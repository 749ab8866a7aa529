/* in_turns INPUT ROUNDS COMMAND... -- COMMAND...: starts the commands in turns, each with INPUT as its
   standard input, and prints a line for each round: microseconds from before its start to after its end, for
   each command. vfork(2), so that our own size costs nothing. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_COMMANDS 8

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static double run(const char *input, char **command) {
    int status = 0;
    int file = open(input, O_RDONLY | O_CLOEXEC);
    double start = now();
    pid_t child = vfork();
    if (child == 0) {
        if (dup2(file, 0) < 0) _exit(126);
        execv(command[0], command);
        _exit(127);
    }
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
        fprintf(stderr, "%s: status %d\n", command[0], status);
        exit(1);
    }
    double end = now();
    close(file);
    return end - start;
}

int main(int argc, char **argv) {
    char **commands[MAX_COMMANDS];
    int count = 0;
    if (argc < 4) return 64;
    commands[count++] = argv + 3;
    for (int i = 3; i < argc; i++)
        if (strcmp(argv[i], "--") == 0 && count < MAX_COMMANDS) {
            argv[i] = NULL;
            commands[count++] = argv + i + 1;
        }
    for (int round = atoi(argv[2]); round > 0; round--)
        for (int i = 0; i < count; i++)
            printf("%.1f%c", run(argv[1], commands[i]), i + 1 < count ? ' ' : '\n');
    return 0;
}

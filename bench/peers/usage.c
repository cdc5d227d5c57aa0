// Runs a program to its end and writes what it used into FILE, in JSON: seconds
// of time and of processor time, and its largest resident memory in MiB. Its
// exit code is the program's.
//
//   usage FILE PROGRAM [ARGUMENT]...

#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static double seconds(struct timeval t) { return t.tv_sec + t.tv_usec / 1e6; }

int main(int argc, char **argv) {
  if (argc < 3) {
    fprintf(stderr, "usage FILE PROGRAM [ARGUMENT]...\n");
    return 2;
  }
  double begin = now();
  pid_t child = fork();
  if (child == 0) {
    // A run that is cut short leaves nothing behind.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execvp(argv[2], argv + 2);
    perror(argv[2]);
    _exit(127);
  }
  int status;
  struct rusage used;
  if (child < 0 || wait4(child, &status, 0, &used) < 0) {
    perror("usage");
    return 1;
  }
  double time = now() - begin;
  FILE *file = fopen(argv[1], "w");
  if (file == NULL) {
    perror(argv[1]);
    return 1;
  }
  fprintf(file, "{\"seconds\":%.6f,\"cpu\":%.6f,\"peak\":%.3f}\n", time,
          seconds(used.ru_utime) + seconds(used.ru_stime),
          used.ru_maxrss / 1024.0);
  fclose(file);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/* Preloaded, it makes a file system of another kind: flock and fsync of folders fail with the errno that
   FAIL_FLOCK and FAIL_FSYNC name. With FAIL_FLOCK=0 flock says that all is well, as where a lock is seen on its
   own machine only. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

int flock(int descriptor, int operation) {
  const char* wanted = getenv("FAIL_FLOCK");
  if (wanted != NULL) {
    errno = atoi(wanted);
    return errno == 0 ? 0 : -1;
  }
  int (*real)(int, int) = (int (*)(int, int))dlsym(RTLD_NEXT, "flock");
  return real(descriptor, operation);
}

int fsync(int descriptor) {
  const char* wanted = getenv("FAIL_FSYNC");
  struct stat status;
  if (wanted != NULL && fstat(descriptor, &status) == 0 && S_ISDIR(status.st_mode)) {
    errno = atoi(wanted);
    return -1;
  }
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
  return real(descriptor);
}

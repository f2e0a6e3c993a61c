/* For libcamera's uvcvideo pipeline on the lab's USB cameras. It wants a firmware node above the USB controller
   (sysfs::firmwareNodePath), and vhci_hcd, a platform device, has none.
     cc -shared -fPIC -o /tmp/fwshim.so fwshim.c; LD_PRELOAD=/tmp/fwshim.so python3 ...                                   */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Is it .../vhci_hcd.N/of_node? */
static int ours(const char *path) {
  size_t length = path ? strlen(path) : 0;
  const char *controller;
  if (length <= 8 || strcmp(path + length - 8, "/of_node")) return 0;
  controller = strstr(path, "/vhci_hcd.");
  return controller && !memchr(controller + 1, '/', (size_t)(path + length - 8 - controller - 1));
}

int stat(const char *path, struct stat *out) {
  static int (*real)(const char *, struct stat *);
  if (!real) real = dlsym(RTLD_NEXT, "stat");
  return real(ours(path) ? "/sys/devices/platform" : path, out);
}

int stat64(const char *path, struct stat64 *out) {
  static int (*real)(const char *, struct stat64 *);
  if (!real) real = dlsym(RTLD_NEXT, "stat64");
  return real(ours(path) ? "/sys/devices/platform" : path, out);
}

char *realpath(const char *path, char *out) {
  static char *(*real)(const char *, char *);
  if (!real) real = dlsym(RTLD_NEXT, "realpath");
  if (ours(path) && !out) return strdup("/sys/firmware/devicetree/base/lab/vhci_hcd");
  return real(path, out);
}

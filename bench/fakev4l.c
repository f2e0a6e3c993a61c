// A stand-in for one V4L2 camera, for benchmarks and tests on machines without a camera.
//
//     gcc -O2 -shared -fPIC -o fakev4l.so fakev4l.c -ldl
//     LD_PRELOAD=./fakev4l.so FAKEV4L_FRAMES=folder program
//
// Rule 1: it stands between a program and the C library, and answers for one path only; all else goes through.
// Rule 2: it behaves as uvcvideo does, also in its faults: a program that works here works with the real thing.
//
// From the environment:
//     FAKEV4L_DEV      the device's path (/dev/video0); nothing needs to exist there
//     FAKEV4L_FRAMES   folder with 000.jpg, 001.jpg, …, delivered byte for byte, in turn (YUYV: 000.yuv, …)
//     FAKEV4L_FPS      frames per second (30)
//     FAKEV4L_SIZE     WIDTHxHEIGHT of its only size (1280x720)
//     FAKEV4L_FORMAT   MJPG or YUYV (MJPG)
//     FAKEV4L_MODES    instead of these three, several: "MJPG 1280x720 30,15; MJPG 640x480 30; YUYV 640x480 15/2"; pictures of
//                      a mode are then in FAKEV4L_FRAMES/640x480, if there is such a folder
//     FAKEV4L_STEPWISE whatever lies between its last mode and its first one is offered, too, in steps of 16 pixels
//     FAKEV4L_TWIN     path of a second camera, the same in all but its bus; both are 81:0 and 81:1 to stat()
//     FAKEV4L_GATE     a file that says how the camera is, looked at all the time:
//         missing   unplugged: open fails with ENOENT; a camera that was open says ENODEV for ever
//         "renewed" was pulled out and is back: a camera that was open is dead, a new open works
//         "freeze"  no frames come; poll and select wait
//         "busy"    open fails with EBUSY
//         "hang"    open does not return
//         "broken"  frames come cut in half
//         "damaged" frames come with two bytes in their midst overwritten
//         "half"    only every other frame comes
//         "denied"  open fails with EACCES
//         "taken"   another program streams from it: open works, S_FMT and REQBUFS fail with EBUSY, as uvcvideo has it
//         "mute"    S_FMT fails with EIO
//         "full"    STREAMON fails with ENOSPC: others have the USB bus
//         "stalled" STREAMON fails with EIO
//         else      as it should be
// In effect a gate file at the device's own path is plugged and unplugged by creating and removing it.
//     FAKEV4L_CONTROLS a file with the values of its controls, `brightness 10` a line; it is written when one is set, and may be
//         altered at any time. Missing: all at their defaults, as after power came back. Not in the environment: it has no controls.
//         `refuse brightness 5` has it fail to set that one, with errno 5; `hang brightness 0` never to return from it
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/videodev2.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define MOST_BUFFERS 32
#define MOST_FRAMES 300
#define MOST_OPEN 8
#define MOST_MODES 32
#define MOST_RATES 8
#define BUFFER_BYTES (4 << 20)
#define LOOK_AGAIN_MS 20 // how often a waiting call looks at the gate

// The function of the C library that `name` stands in front of.
#define REAL(type, name, ...)                              \
    static type (*real)(__VA_ARGS__);                      \
    if (!real)                                             \
    real = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)

struct frame {
    char *bytes;
    size_t length;
};

static struct frame frames[MOST_FRAMES];
static int frame_count;
static unsigned width = 1280;
static unsigned height = 720;
static unsigned fps = 30;
static unsigned pixel_format = V4L2_PIX_FMT_MJPEG;

// What it offers; the variables above are what it is set to.
static struct mode {
    unsigned pixel_format;
    unsigned width;
    unsigned height;
    struct v4l2_fract intervals[MOST_RATES]; // shortest first
    unsigned rates;
} modes[MOST_MODES];
static unsigned mode_count;
static struct v4l2_fract interval = {1, 30};

static int open_fds[MOST_OPEN]; // timerfds, 0: free; one tick is one frame
static bool unplugged[MOST_OPEN];
static bool is_new[MOST_OPEN]; // opened after the camera was renewed
static bool is_twin[MOST_OPEN];
static char *buffers[MOST_BUFFERS];
static unsigned buffer_count;
static unsigned queue[MOST_BUFFERS]; // indices of the buffers that wait to be filled
static unsigned queue_head;
static unsigned queue_tail;
static unsigned sequence;

// ---- the gate ----

enum state { FINE, UNPLUGGED, RENEWED, FROZEN, BUSY, HANGING, BROKEN, DAMAGED, HALF, DENIED, TAKEN, MUTE, FULL, STALLED };

static int real_open(const char *path, int flags, mode_t mode) {
    REAL(int, open, const char *, int, ...);
    return real(path, flags, mode);
}

static int real_close(int fd) {
    REAL(int, close, int);
    return real(fd);
}

static enum state gate(void) {
    const char *path = getenv("FAKEV4L_GATE");
    if (!path)
        return FINE;
    int fd = real_open(path, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0)
        return UNPLUGGED;
    char word[16] = "";
    ssize_t length = read(fd, word, sizeof word - 1);
    real_close(fd);
    word[length < 0 ? 0 : length] = '\0';
    word[strcspn(word, "\n")] = '\0';
    if (!strcmp(word, "renewed"))
        return RENEWED;
    if (!strcmp(word, "freeze"))
        return FROZEN;
    if (!strcmp(word, "busy"))
        return BUSY;
    if (!strcmp(word, "hang"))
        return HANGING;
    if (!strcmp(word, "broken"))
        return BROKEN;
    if (!strcmp(word, "damaged"))
        return DAMAGED;
    if (!strcmp(word, "half"))
        return HALF;
    if (!strcmp(word, "denied"))
        return DENIED;
    if (!strcmp(word, "taken"))
        return TAKEN;
    if (!strcmp(word, "mute"))
        return MUTE;
    if (!strcmp(word, "full"))
        return FULL;
    if (!strcmp(word, "stalled"))
        return STALLED;
    return FINE;
}

// ---- opening and closing ----

// Is it this path, or one of udev's links to it?
static bool leads_to(const char *path, const char *device) {
    char real_path[4096], real_device[4096];
    return !strcmp(path, device) || (strstr(path, "video") && realpath(path, real_path) && realpath(device, real_device) &&
                                     !strcmp(real_path, real_device));
}

static bool is_the_twin(const char *path) {
    const char *twin = getenv("FAKEV4L_TWIN");
    return twin && leads_to(path, twin);
}

static bool is_device(const char *path) {
    const char *device = getenv("FAKEV4L_DEV");
    return leads_to(path, device ? device : "/dev/video0") || is_the_twin(path);
}

// Which of the open cameras is this? -1: none of ours.
static int slot_of(int fd) {
    for (int slot = 0; slot < MOST_OPEN; slot++)
        if (fd > 0 && open_fds[slot] == fd)
            return slot;
    return -1;
}

// Has it been pulled out since it was opened? Plugging in again does not bring this one back.
static bool is_dead(int slot) {
    enum state state = gate();
    if (state == UNPLUGGED || (state == RENEWED && !is_new[slot]))
        unplugged[slot] = true;
    return unplugged[slot];
}

static bool load_frame(const char *folder, const char *ending) {
    char path[512];
    snprintf(path, sizeof path, "%s/%03d.%s", folder, frame_count, ending);
    FILE *file = fopen(path, "rb");
    if (!file)
        return false;
    fseek(file, 0, SEEK_END);
    long length = ftell(file);
    rewind(file);
    frames[frame_count].bytes = malloc(length);
    frames[frame_count].length = fread(frames[frame_count].bytes, 1, length, file);
    fclose(file);
    frame_count++;
    return true;
}

static void load_frames(void) {
    const char *folder = getenv("FAKEV4L_FRAMES");
    const char *ending = pixel_format == V4L2_PIX_FMT_YUYV ? "yuv" : "jpg";
    char own[512];
    snprintf(own, sizeof own, "%s/%ux%u", folder ? folder : "", width, height);
    while (frame_count)
        free(frames[--frame_count].bytes);
    while (frame_count < MOST_FRAMES && load_frame(own, ending))
        ;
    bool has_own = frame_count > 0;
    while (!has_own && frame_count < MOST_FRAMES && folder && load_frame(folder, ending))
        ;
    if (!frame_count)
        fprintf(stderr, "fakev4l: no frames in FAKEV4L_FRAMES=%s\n", folder ? folder : "");
}

static unsigned format_called(const char *name) {
    return v4l2_fourcc(name[0], name[1], name[2], name[3]);
}

// "30,15,15/2": frames per second, each an interval.
static void read_rates(struct mode *mode, char *words) {
    char *rest;
    for (char *word = strtok_r(words, ",", &rest); word && mode->rates < MOST_RATES; word = strtok_r(NULL, ",", &rest)) {
        struct v4l2_fract *one = &mode->intervals[mode->rates++];
        one->numerator = 1;
        sscanf(word, "%u/%u", &one->denominator, &one->numerator);
    }
}

static void read_modes(const char *text) {
    char all[2048];
    char *rest;
    snprintf(all, sizeof all, "%s", text);
    for (char *word = strtok_r(all, ";", &rest); word && mode_count < MOST_MODES; word = strtok_r(NULL, ";", &rest)) {
        struct mode *mode = &modes[mode_count++];
        char name[5] = "";
        char rates[128] = "";
        sscanf(word, " %4c %ux%u %127s", name, &mode->width, &mode->height, rates);
        mode->pixel_format = format_called(name);
        read_rates(mode, rates);
    }
}

static void be_in(const struct mode *mode) {
    pixel_format = mode->pixel_format;
    width = mode->width;
    height = mode->height;
}

static void run_at(struct v4l2_fract chosen) {
    interval = chosen;
    fps = chosen.denominator / chosen.numerator;
}

static void read_environment(void) {
    const char *format = getenv("FAKEV4L_FORMAT");
    const char *size = getenv("FAKEV4L_SIZE");
    const char *rate = getenv("FAKEV4L_FPS");
    const char *several = getenv("FAKEV4L_MODES");
    if (format && !strcmp(format, "YUYV"))
        pixel_format = V4L2_PIX_FMT_YUYV;
    if (size)
        sscanf(size, "%ux%u", &width, &height);
    if (rate)
        fps = atoi(rate);
    if (several) {
        read_modes(several);
    } else {
        modes[mode_count++] = (struct mode){pixel_format, width, height, {{1, fps}}, 1};
    }
    be_in(&modes[0]);
    if (modes[0].rates)
        run_at(modes[0].intervals[0]);
    load_frames();
}

static int fail(int error) {
    errno = error;
    return -1;
}

static int open_camera(const char *path) {
    while (gate() == HANGING)
        usleep(LOOK_AGAIN_MS * 1000);
    if (gate() == UNPLUGGED)
        return fail(ENOENT);
    if (gate() == BUSY)
        return fail(EBUSY);
    if (gate() == DENIED)
        return fail(EACCES);
    if (!mode_count)
        read_environment();
    int slot = 0;
    while (slot < MOST_OPEN && open_fds[slot])
        slot++;
    if (slot == MOST_OPEN)
        return fail(EMFILE);
    open_fds[slot] = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    unplugged[slot] = false;
    is_new[slot] = gate() == RENEWED;
    is_twin[slot] = is_the_twin(path);
    return open_fds[slot];
}

// open and open64 differ in name only. The mode is there only when a file may be created.
#define STAND_BEFORE_OPEN(name)                            \
    int name(const char *path, int flags, ...) {           \
        mode_t mode = 0;                                   \
        if (flags & O_CREAT) {                             \
            va_list rest;                                  \
            va_start(rest, flags);                         \
            mode = va_arg(rest, mode_t);                   \
            va_end(rest);                                  \
        }                                                  \
        if (is_device(path))                               \
            return open_camera(path);                          \
        REAL(int, name, const char *, int, ...);           \
        return real(path, flags, mode);                    \
    }
STAND_BEFORE_OPEN(open)
STAND_BEFORE_OPEN(open64)

int __open_2(const char *path, int flags) {
    return open(path, flags);
}

int __open64_2(const char *path, int flags) {
    return open64(path, flags);
}

int openat(int folder, const char *path, int flags, ...) {
    mode_t mode = 0;
    if (flags & O_CREAT) {
        va_list rest;
        va_start(rest, flags);
        mode = va_arg(rest, mode_t);
        va_end(rest);
    }
    if (is_device(path))
        return open_camera(path);
    REAL(int, openat, int, const char *, int, ...);
    return real(folder, path, flags, mode);
}

int close(int fd) {
    int slot = slot_of(fd);
    if (slot >= 0)
        open_fds[slot] = 0;
    return real_close(fd);
}

// stat and stat64 differ in name only.
#define STAND_BEFORE_STAT(name)                                      \
    int name(const char *path, struct name *result) {                \
        if (is_device(path)) {                                       \
            if (gate() == UNPLUGGED)                                 \
                return fail(ENOENT);                                 \
            memset(result, 0, sizeof *result);                       \
            result->st_mode = S_IFCHR | 0660;                        \
            result->st_rdev = makedev(81, is_the_twin(path) ? 1 : 0); \
            return 0;                                                \
        }                                                            \
        REAL(int, name, const char *, struct name *);                \
        return real(path, result);                                   \
    }
STAND_BEFORE_STAT(stat)
STAND_BEFORE_STAT(stat64)

int access(const char *path, int mode) {
    if (is_device(path))
        return gate() == UNPLUGGED ? fail(ENOENT) : 0;
    REAL(int, access, const char *, int);
    return real(path, mode);
}

// ---- memory: the buffers are ours, an mmap of the device hands one out ----

static void *real_mmap(void *at, size_t length, int protection, int flags, int fd, off_t offset) {
    REAL(void *, mmap, void *, size_t, int, int, int, off_t);
    return real(at, length, protection, flags, fd, offset);
}

void *mmap(void *at, size_t length, int protection, int flags, int fd, off_t offset) {
    if (slot_of(fd) >= 0)
        return buffers[offset / BUFFER_BYTES];
    return real_mmap(at, length, protection, flags, fd, offset);
}

void *mmap64(void *at, size_t length, int protection, int flags, int fd, off_t offset) {
    return mmap(at, length, protection, flags, fd, offset);
}

int munmap(void *at, size_t length) {
    for (int index = 0; index < MOST_BUFFERS; index++)
        if (buffers[index] && at == buffers[index])
            return 0;
    REAL(int, munmap, void *, size_t);
    return real(at, length);
}

// ---- waiting: a frozen camera is left out of what is waited for, and the gate looked at again ----

static long now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000L + now.tv_nsec / 1000000L;
}

// The next slice of a wait of which `timeout_ms` were asked for (negative: for ever), since `began_ms`.
static int slice_ms(int timeout_ms, long began_ms) {
    long left_ms = timeout_ms < 0 ? LOOK_AGAIN_MS : timeout_ms - (now_ms() - began_ms);
    if (left_ms < 0)
        return 0;
    return left_ms < LOOK_AGAIN_MS ? (int)left_ms : LOOK_AGAIN_MS;
}

static bool is_over(int timeout_ms, long began_ms) {
    return timeout_ms >= 0 && now_ms() - began_ms >= timeout_ms;
}

int poll(struct pollfd *fds, nfds_t count, int timeout_ms) {
    REAL(int, poll, struct pollfd *, nfds_t, int);
    int camera = -1;
    for (nfds_t index = 0; index < count; index++)
        if (slot_of(fds[index].fd) >= 0)
            camera = index;
    if (camera < 0 || !getenv("FAKEV4L_GATE"))
        return real(fds, count, timeout_ms);
    int fd = fds[camera].fd;
    long began_ms = now_ms();
    for (;;) {
        if (is_dead(slot_of(fd))) {
            fds[camera].revents = POLLERR | POLLHUP;
            return 1;
        }
        fds[camera].fd = gate() == FROZEN ? -1 : fd; // poll passes over negative ones
        int ready = real(fds, count, slice_ms(timeout_ms, began_ms));
        fds[camera].fd = fd;
        if (ready || is_over(timeout_ms, began_ms))
            return ready;
    }
}

int select(int count, fd_set *reads, fd_set *writes, fd_set *errors, struct timeval *timeout) {
    REAL(int, select, int, fd_set *, fd_set *, fd_set *, struct timeval *);
    int camera = -1;
    for (int fd = 0; reads && fd < count; fd++)
        if (FD_ISSET(fd, reads) && slot_of(fd) >= 0)
            camera = fd;
    if (camera < 0 || !getenv("FAKEV4L_GATE"))
        return real(count, reads, writes, errors, timeout);
    int timeout_ms = timeout ? timeout->tv_sec * 1000 + timeout->tv_usec / 1000 : -1;
    long began_ms = now_ms();
    fd_set asked = *reads;
    for (;;) {
        *reads = asked;
        if (is_dead(slot_of(camera)))
            return 1; // ready, for what reads as ENODEV
        if (gate() == FROZEN)
            FD_CLR(camera, reads);
        struct timeval slice = {.tv_usec = slice_ms(timeout_ms, began_ms) * 1000};
        int ready = real(count, reads, writes, errors, &slice);
        if (ready || is_over(timeout_ms, began_ms))
            return ready;
    }
}

// ---- the camera's own ioctls ----

static int query_capability(int fd, struct v4l2_capability *answer) {
    memset(answer, 0, sizeof *answer);
    strcpy((char *)answer->driver, "uvcvideo");
    strcpy((char *)answer->card, "Fake USB camera");
    strcpy((char *)answer->bus_info, is_twin[slot_of(fd)] ? "usb-fake-2" : "usb-fake-1");
    answer->version = 0x60000;
    answer->device_caps = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
    answer->capabilities = answer->device_caps | V4L2_CAP_DEVICE_CAPS;
    return 0;
}

// The first mode of the `index`th format; NULL: there are not so many.
static const struct mode *format_at(unsigned index) {
    for (unsigned at = 0; at < mode_count; at++) {
        bool seen = false;
        for (unsigned before = 0; before < at; before++)
            seen |= modes[before].pixel_format == modes[at].pixel_format;
        if (!seen && index-- == 0)
            return &modes[at];
    }
    return NULL;
}

static int enumerate_format(struct v4l2_fmtdesc *answer) {
    const struct mode *mode = format_at(answer->index);
    if (!mode)
        return fail(EINVAL);
    answer->pixelformat = mode->pixel_format;
    answer->flags = mode->pixel_format == V4L2_PIX_FMT_MJPEG ? V4L2_FMT_FLAG_COMPRESSED : 0;
    strcpy((char *)answer->description, mode->pixel_format == V4L2_PIX_FMT_MJPEG ? "Motion-JPEG" : "YUYV 4:2:2");
    return 0;
}

// The whole range, as one answer.
static int enumerate_range(struct v4l2_frmsizeenum *answer) {
    if (answer->index > 0 || answer->pixel_format != modes[0].pixel_format)
        return fail(EINVAL);
    const struct mode *least = &modes[mode_count - 1];
    answer->type = V4L2_FRMSIZE_TYPE_STEPWISE;
    answer->stepwise =
        (struct v4l2_frmsize_stepwise){least->width, modes[0].width, 16, least->height, modes[0].height, 8};
    return 0;
}

static int enumerate_size(struct v4l2_frmsizeenum *answer) {
    if (getenv("FAKEV4L_STEPWISE"))
        return enumerate_range(answer);
    unsigned index = answer->index;
    for (unsigned at = 0; at < mode_count; at++) {
        if (modes[at].pixel_format != answer->pixel_format || index--)
            continue;
        answer->type = V4L2_FRMSIZE_TYPE_DISCRETE;
        answer->discrete.width = modes[at].width;
        answer->discrete.height = modes[at].height;
        return 0;
    }
    return fail(EINVAL);
}

// The mode of this format and size; else the first of this format; else NULL.
static const struct mode *nearest(unsigned format, unsigned wide, unsigned high) {
    const struct mode *found = NULL;
    for (unsigned at = mode_count; at-- > 0;) {
        if (modes[at].pixel_format != format)
            continue;
        if (modes[at].width == wide && modes[at].height == high)
            return &modes[at];
        found = &modes[at];
    }
    return found;
}

static int enumerate_interval(struct v4l2_frmivalenum *answer) {
    if (getenv("FAKEV4L_STEPWISE") && !answer->index) {
        answer->type = V4L2_FRMIVAL_TYPE_CONTINUOUS;
        answer->stepwise.min = modes[0].intervals[0];
        answer->stepwise.max = modes[0].intervals[modes[0].rates - 1];
        return 0;
    }
    const struct mode *mode = nearest(answer->pixel_format, answer->width, answer->height);
    if (!mode || mode->width != answer->width || answer->index >= mode->rates)
        return fail(EINVAL);
    answer->type = V4L2_FRMIVAL_TYPE_DISCRETE;
    answer->discrete = mode->intervals[answer->index];
    return 0;
}

// Whatever is asked for, a driver answers with the nearest that it has; `set`: and is so from now on.
static int format(struct v4l2_format *answer, bool ask, bool set) {
    struct v4l2_pix_format *pixels = &answer->fmt.pix;
    const struct mode *mode = nearest(ask ? pixels->pixelformat : pixel_format, ask ? pixels->width : width,
                                      ask ? pixels->height : height);
    if (!mode)
        mode = nearest(pixel_format, width, height);
    pixels->width = mode->width;
    pixels->height = mode->height;
    pixels->pixelformat = mode->pixel_format;
    pixels->field = V4L2_FIELD_NONE;
    pixels->bytesperline = mode->pixel_format == V4L2_PIX_FMT_MJPEG ? 0 : mode->width * 2;
    pixels->sizeimage =
        mode->pixel_format == V4L2_PIX_FMT_MJPEG ? BUFFER_BYTES / 2 : mode->width * mode->height * 2;
    pixels->colorspace = V4L2_COLORSPACE_JPEG;
    if (set && (mode->width != width || mode->height != height || mode->pixel_format != pixel_format)) {
        be_in(mode);
        load_frames();
    }
    return 0;
}

static double seconds(struct v4l2_fract of) {
    return (double)of.numerator / of.denominator;
}

static int parameters(struct v4l2_streamparm *answer, bool set) {
    const struct mode *mode = nearest(pixel_format, width, height);
    struct v4l2_fract wanted = set ? answer->parm.capture.timeperframe : interval;
    struct v4l2_fract best = mode->rates ? mode->intervals[0] : (struct v4l2_fract){1, fps};
    for (unsigned at = 1; wanted.denominator && at < mode->rates; at++) {
        double off = seconds(mode->intervals[at]) - seconds(wanted);
        double best_off = seconds(best) - seconds(wanted);
        if (off * off < best_off * best_off)
            best = mode->intervals[at];
    }
    if (set)
        run_at(best);
    answer->parm.capture.capability = V4L2_CAP_TIMEPERFRAME;
    answer->parm.capture.timeperframe = best;
    return 0;
}

static int enumerate_input(struct v4l2_input *answer) {
    if (answer->index > 0)
        return fail(EINVAL);
    answer->type = V4L2_INPUT_TYPE_CAMERA;
    strcpy((char *)answer->name, "Camera");
    return 0;
}

static int request_buffers(struct v4l2_requestbuffers *request) {
    if (request->memory != V4L2_MEMORY_MMAP)
        return fail(EINVAL);
    if (request->count > MOST_BUFFERS)
        request->count = MOST_BUFFERS;
    buffer_count = request->count;
    queue_head = queue_tail = 0;
    for (unsigned index = 0; index < buffer_count; index++)
        if (!buffers[index])
            buffers[index] =
                real_mmap(NULL, BUFFER_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return 0;
}

static void describe_buffer(struct v4l2_buffer *buffer, unsigned index) {
    buffer->index = index;
    buffer->length = BUFFER_BYTES / 2;
    buffer->m.offset = index * BUFFER_BYTES;
    buffer->flags = V4L2_BUF_FLAG_MAPPED | V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
}

static int query_buffer(struct v4l2_buffer *buffer) {
    if (buffer->index >= buffer_count)
        return fail(EINVAL);
    describe_buffer(buffer, buffer->index);
    return 0;
}

static int enqueue(struct v4l2_buffer *buffer) {
    queue[queue_tail++ % MOST_BUFFERS] = buffer->index;
    return 0;
}

static int tick(int fd, double every_s) {
    struct itimerspec timer = {0};
    timer.it_interval.tv_sec = every_s;
    timer.it_interval.tv_nsec = (every_s - timer.it_interval.tv_sec) * 1e9;
    timer.it_value = timer.it_interval;
    return timerfd_settime(fd, 0, &timer, NULL);
}

static bool halved;

// From now on at half the rate, or at the whole one again.
static void set_pace(int fd, bool half) {
    if (half != halved)
        tick(fd, seconds(interval) * (half ? 2 : 1));
    halved = half;
}

// What a bad cable does: bytes in the midst of a picture are others, here those of a marker that has no place there.
static void overwrite(char *picture, size_t length) {
    picture[length / 2] = '\xff';
    picture[length / 2 + 1] = '\x3c';
}

static int dequeue(int fd, struct v4l2_buffer *buffer) {
    unsigned long long ticks;
    enum state state = gate();
    if (state == FROZEN || read(fd, &ticks, sizeof ticks) != sizeof ticks || queue_head == queue_tail)
        return fail(EAGAIN);
    unsigned index = queue[queue_head++ % MOST_BUFFERS];
    const struct frame *frame = &frames[sequence % frame_count];
    memcpy(buffers[index], frame->bytes, frame->length);
    if (state == DAMAGED)
        overwrite(buffers[index], frame->length);
    describe_buffer(buffer, index);
    buffer->flags |= V4L2_BUF_FLAG_DONE;
    buffer->bytesused = state == BROKEN ? frame->length / 2 : frame->length;
    buffer->sequence = sequence++;
    buffer->field = V4L2_FIELD_NONE;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    buffer->timestamp.tv_sec = now.tv_sec;
    buffer->timestamp.tv_usec = now.tv_nsec / 1000;
    if (getenv("FAKEV4L_GATE"))
        set_pace(fd, state == HALF);
    return 0;
}

static int stream(int fd, bool on) {
    if (on && gate() == FULL)
        return fail(ENOSPC);
    if (on && gate() == STALLED)
        return fail(EIO);
    halved = false;
    if (on)
        return tick(fd, seconds(interval));
    queue_head = queue_tail = 0;
    return tick(fd, 0);
}

static bool is_setting(unsigned long request) {
    return request == VIDIOC_S_FMT || request == VIDIOC_REQBUFS;
}

// ---- controls: those of a usual webcam, with two that stand against others, and what programs have to leave out ----

struct control {
    unsigned id;
    unsigned type;
    const char *name; // as the driver says it
    const char *key;  // in the file
    long minimum, maximum, step, standard;
    unsigned flags;
    unsigned master;  // the control that may make this one inactive
    long master_free; // its value that does not
    const char *const *menu;
};

static const char *const frequencies[] = {"Disabled", "50 Hz", "60 Hz"};
static const char *const exposures[] = {NULL, "Manual Mode", NULL, "Aperture Priority Mode"}; // with holes, as uvcvideo has it

static const struct control controls[] = {
    {V4L2_CID_USER_CLASS, V4L2_CTRL_TYPE_CTRL_CLASS, "User Controls", "", .flags = V4L2_CTRL_FLAG_READ_ONLY},
    {V4L2_CID_BRIGHTNESS, V4L2_CTRL_TYPE_INTEGER, "Brightness", "brightness", -64, 64, 1, 0},
    {V4L2_CID_CONTRAST, V4L2_CTRL_TYPE_INTEGER, "Contrast", "contrast", 0, 100, 5, 50},
    {V4L2_CID_HUE, V4L2_CTRL_TYPE_INTEGER, "Hue", "hue", 0, 1, 1, 0, .flags = V4L2_CTRL_FLAG_DISABLED},
    {V4L2_CID_AUTO_WHITE_BALANCE, V4L2_CTRL_TYPE_BOOLEAN, "White Balance, Automatic", "white_balance_automatic", 0, 1, 1, 1},
    {V4L2_CID_POWER_LINE_FREQUENCY, V4L2_CTRL_TYPE_MENU, "Power Line Frequency", "power_line_frequency", 0, 2, 1, 1,
     .menu = frequencies},
    {V4L2_CID_WHITE_BALANCE_TEMPERATURE, V4L2_CTRL_TYPE_INTEGER, "White Balance Temperature", "white_balance_temperature", 2800,
     6500, 10, 4600, .master = V4L2_CID_AUTO_WHITE_BALANCE, .master_free = 0},
    {V4L2_CID_CAMERA_CLASS, V4L2_CTRL_TYPE_CTRL_CLASS, "Camera Controls", "", .flags = V4L2_CTRL_FLAG_READ_ONLY},
    {V4L2_CID_EXPOSURE_AUTO, V4L2_CTRL_TYPE_MENU, "Auto Exposure", "auto_exposure", 0, 3, 1, 3, .menu = exposures},
    {V4L2_CID_EXPOSURE_ABSOLUTE, V4L2_CTRL_TYPE_INTEGER, "Exposure Time, Absolute", "exposure_time_absolute", 3, 2047, 1, 250,
     .master = V4L2_CID_EXPOSURE_AUTO, .master_free = V4L2_EXPOSURE_MANUAL},
    {V4L2_CID_FOCUS_ABSOLUTE, V4L2_CTRL_TYPE_INTEGER, "Focus, Absolute", "focus_absolute", 0, 250, 5, 0,
     .master = V4L2_CID_FOCUS_AUTO, .master_free = 0},
    {V4L2_CID_FOCUS_AUTO, V4L2_CTRL_TYPE_BOOLEAN, "Focus, Automatic Continuous", "focus_automatic_continuous", 0, 1, 1, 1},
    {V4L2_CID_PRIVACY, V4L2_CTRL_TYPE_BOOLEAN, "Privacy", "privacy", 0, 1, 1, 0, .flags = V4L2_CTRL_FLAG_READ_ONLY},
    {V4L2_CID_AUTO_FOCUS_START, V4L2_CTRL_TYPE_BUTTON, "Auto Focus, Start", "auto_focus_start", .flags = V4L2_CTRL_FLAG_WRITE_ONLY},
    {V4L2_CID_PIXEL_RATE, V4L2_CTRL_TYPE_INTEGER64, "Pixel Rate", "pixel_rate", 0, 1L << 40, 1, 1L << 33,
     .flags = V4L2_CTRL_FLAG_READ_ONLY},
};
#define CONTROL_COUNT (sizeof controls / sizeof *controls)

static const struct control *control_of(unsigned id) {
    for (unsigned index = 0; index < CONTROL_COUNT; index++)
        if (controls[index].id == id)
            return &controls[index];
    return NULL;
}

// The number in the line that begins with these words, or `otherwise`.
static long noted(const char *first, const char *second, long otherwise) {
    char line[128], start[96];
    FILE *file = fopen(getenv("FAKEV4L_CONTROLS"), "r");
    int length = snprintf(start, sizeof start, "%s%s%s ", first, *second ? " " : "", second);
    while (file && fgets(line, sizeof line, file))
        if (!strncmp(line, start, length))
            otherwise = atol(line + length);
    if (file)
        fclose(file);
    return otherwise;
}

// Whole at once, for who reads it meanwhile; other lines stay.
static void note(const char *key, long value) {
    char line[128], path[512];
    const char *at = getenv("FAKEV4L_CONTROLS");
    snprintf(path, sizeof path, "%s.new", at);
    FILE *before = fopen(at, "r");
    FILE *after = fopen(path, "w");
    size_t length = strlen(key);
    while (before && fgets(line, sizeof line, before))
        if (strncmp(line, key, length) || line[length] != ' ')
            fputs(line, after);
    fprintf(after, "%s %ld\n", key, value);
    if (before)
        fclose(before);
    fclose(after);
    rename(path, at);
}

static unsigned control_flags(const struct control *control) {
    const struct control *master = control->master ? control_of(control->master) : NULL;
    bool held = master && noted(master->key, "", master->standard) != control->master_free;
    return control->flags | (held ? V4L2_CTRL_FLAG_INACTIVE : 0);
}

static int query_control(struct v4l2_query_ext_ctrl *answer) {
    unsigned id = answer->id & V4L2_CTRL_ID_MASK, index = 0;
    bool next = answer->id & V4L2_CTRL_FLAG_NEXT_CTRL;
    while (index < CONTROL_COUNT && (next ? controls[index].id <= id : controls[index].id != id))
        index++;
    if (index == CONTROL_COUNT)
        return fail(EINVAL);
    const struct control *control = &controls[index];
    memset(answer, 0, sizeof *answer);
    answer->id = control->id;
    answer->type = control->type;
    strcpy(answer->name, control->name);
    answer->minimum = control->minimum;
    answer->maximum = control->maximum;
    answer->step = control->step;
    answer->default_value = control->standard;
    answer->flags = control_flags(control);
    answer->elems = 1;
    answer->elem_size = 4;
    return 0;
}

static int query_menu(struct v4l2_querymenu *answer) {
    const struct control *control = control_of(answer->id);
    if (!control || !control->menu || answer->index > control->maximum || !control->menu[answer->index])
        return fail(EINVAL);
    strcpy((char *)answer->name, control->menu[answer->index]);
    return 0;
}

static int get_control(struct v4l2_control *answer) {
    const struct control *control = control_of(answer->id);
    if (!control)
        return fail(EINVAL);
    if (control->flags & V4L2_CTRL_FLAG_WRITE_ONLY)
        return fail(EACCES);
    answer->value = noted(control->key, "", control->standard);
    return 0;
}

// A number out of range or between two steps becomes the nearest possible one, as with uvcvideo.
static int set_control(struct v4l2_control *wanted) {
    const struct control *control = control_of(wanted->id);
    if (!control || (control->menu && (wanted->value < 0 || wanted->value > control->maximum || !control->menu[wanted->value])))
        return fail(EINVAL);
    while (noted("hang", control->key, -1) != -1)
        usleep(LOOK_AGAIN_MS * 1000);
    long refusal = noted("refuse", control->key, 0);
    if (refusal)
        return fail(refusal);
    if (control_flags(control) & (V4L2_CTRL_FLAG_READ_ONLY | V4L2_CTRL_FLAG_INACTIVE))
        return fail(EACCES);
    long value = wanted->value;
    value = value < control->minimum ? control->minimum : value > control->maximum ? control->maximum : value;
    if (control->step > 1)
        value = control->minimum + (value - control->minimum + control->step / 2) / control->step * control->step;
    note(control->key, control->type == V4L2_CTRL_TYPE_BUTTON ? noted(control->key, "", 0) + 1 : value);
    return 0;
}

static int answer_control(unsigned long request, void *argument) {
    if (!getenv("FAKEV4L_CONTROLS"))
        return fail(ENOTTY);
    switch (request) {
    case VIDIOC_QUERY_EXT_CTRL:
        return query_control(argument);
    case VIDIOC_QUERYMENU:
        return query_menu(argument);
    case VIDIOC_G_CTRL:
        return get_control(argument);
    case VIDIOC_S_CTRL:
        return set_control(argument);
    default:
        return fail(ENOTTY);
    }
}

static int answer(int fd, unsigned long request, void *argument) {
    if (is_setting(request) && gate() == TAKEN)
        return fail(EBUSY);
    if (request == VIDIOC_S_FMT && gate() == MUTE)
        return fail(EIO);
    switch (request) {
    case VIDIOC_QUERYCAP:
        return query_capability(fd, argument);
    case VIDIOC_ENUM_FMT:
        return enumerate_format(argument);
    case VIDIOC_ENUM_FRAMESIZES:
        return enumerate_size(argument);
    case VIDIOC_ENUM_FRAMEINTERVALS:
        return enumerate_interval(argument);
    case VIDIOC_S_FMT:
    case VIDIOC_G_FMT:
    case VIDIOC_TRY_FMT:
        return format(argument, request != VIDIOC_G_FMT, request == VIDIOC_S_FMT);
    case VIDIOC_G_PARM:
    case VIDIOC_S_PARM:
        return parameters(argument, request == VIDIOC_S_PARM);
    case VIDIOC_ENUMINPUT:
        return enumerate_input(argument);
    case VIDIOC_G_INPUT:
        *(int *)argument = 0;
        return 0;
    case VIDIOC_S_INPUT:
        return 0;
    case VIDIOC_REQBUFS:
        return request_buffers(argument);
    case VIDIOC_QUERYBUF:
        return query_buffer(argument);
    case VIDIOC_QBUF:
        return enqueue(argument);
    case VIDIOC_DQBUF:
        return dequeue(fd, argument);
    case VIDIOC_STREAMON:
        return stream(fd, true);
    case VIDIOC_STREAMOFF:
        return stream(fd, false);
    default:
        return answer_control(request, argument);
    }
}

int ioctl(int fd, unsigned long request, ...) {
    va_list rest;
    va_start(rest, request);
    void *argument = va_arg(rest, void *);
    va_end(rest);
    int slot = slot_of(fd);
    if (slot < 0) {
        REAL(int, ioctl, int, unsigned long, ...);
        return real(fd, request, argument);
    }
    if (is_dead(slot))
        return fail(ENODEV);
    return answer(fd, request & 0xffffffff, argument);
}

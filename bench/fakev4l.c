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
//     FAKEV4L_GATE     a file that says how the camera is, looked at all the time:
//         missing   unplugged: open fails with ENOENT; a camera that was open says ENODEV for ever
//         "renewed" was pulled out and is back: a camera that was open is dead, a new open works
//         "freeze"  no frames come; poll and select wait
//         "busy"    open fails with EBUSY
//         "hang"    open does not return
//         "broken"  frames come cut in half
//         else      as it should be
// In effect a gate file at the device's own path is plugged and unplugged by creating and removing it.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
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

static int open_fds[MOST_OPEN]; // timerfds, 0: free; one tick is one frame
static bool unplugged[MOST_OPEN];
static bool is_new[MOST_OPEN]; // opened after the camera was renewed
static char *buffers[MOST_BUFFERS];
static unsigned buffer_count;
static unsigned queue[MOST_BUFFERS]; // indices of the buffers that wait to be filled
static unsigned queue_head;
static unsigned queue_tail;
static unsigned sequence;

// ---- the gate ----

enum state { FINE, UNPLUGGED, RENEWED, FROZEN, BUSY, HANGING, BROKEN };

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
    return FINE;
}

// ---- opening and closing ----

static bool is_device(const char *path) {
    const char *device = getenv("FAKEV4L_DEV");
    return !strcmp(path, device ? device : "/dev/video0");
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

static void read_environment(void) {
    const char *format = getenv("FAKEV4L_FORMAT");
    const char *size = getenv("FAKEV4L_SIZE");
    const char *rate = getenv("FAKEV4L_FPS");
    const char *folder = getenv("FAKEV4L_FRAMES");
    bool yuyv = format && !strcmp(format, "YUYV");
    if (yuyv)
        pixel_format = V4L2_PIX_FMT_YUYV;
    if (size)
        sscanf(size, "%ux%u", &width, &height);
    if (rate)
        fps = atoi(rate);
    while (frame_count < MOST_FRAMES && folder && load_frame(folder, yuyv ? "yuv" : "jpg"))
        ;
    if (!frame_count)
        fprintf(stderr, "fakev4l: no frames in FAKEV4L_FRAMES=%s\n", folder ? folder : "");
}

static int fail(int error) {
    errno = error;
    return -1;
}

static int open_camera(void) {
    while (gate() == HANGING)
        usleep(LOOK_AGAIN_MS * 1000);
    if (gate() == UNPLUGGED)
        return fail(ENOENT);
    if (gate() == BUSY)
        return fail(EBUSY);
    if (!frame_count)
        read_environment();
    int slot = 0;
    while (slot < MOST_OPEN && open_fds[slot])
        slot++;
    if (slot == MOST_OPEN)
        return fail(EMFILE);
    open_fds[slot] = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    unplugged[slot] = false;
    is_new[slot] = gate() == RENEWED;
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
            return open_camera();                          \
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
        return open_camera();
    REAL(int, openat, int, const char *, int, ...);
    return real(folder, path, flags, mode);
}

int close(int fd) {
    int slot = slot_of(fd);
    if (slot >= 0)
        open_fds[slot] = 0;
    return real_close(fd);
}

int stat(const char *path, struct stat *result) {
    if (is_device(path)) {
        if (gate() == UNPLUGGED)
            return fail(ENOENT);
        memset(result, 0, sizeof *result);
        result->st_mode = S_IFCHR | 0660;
        result->st_rdev = makedev(81, 0);
        return 0;
    }
    REAL(int, stat, const char *, struct stat *);
    return real(path, result);
}

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

static int query_capability(struct v4l2_capability *answer) {
    memset(answer, 0, sizeof *answer);
    strcpy((char *)answer->driver, "uvcvideo");
    strcpy((char *)answer->card, "Fake USB camera");
    strcpy((char *)answer->bus_info, "usb-fake-1");
    answer->version = 0x60000;
    answer->device_caps = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
    answer->capabilities = answer->device_caps | V4L2_CAP_DEVICE_CAPS;
    return 0;
}

static int enumerate_format(struct v4l2_fmtdesc *answer) {
    if (answer->index > 0)
        return fail(EINVAL);
    answer->pixelformat = pixel_format;
    answer->flags = pixel_format == V4L2_PIX_FMT_MJPEG ? V4L2_FMT_FLAG_COMPRESSED : 0;
    strcpy((char *)answer->description, pixel_format == V4L2_PIX_FMT_MJPEG ? "Motion-JPEG" : "YUYV 4:2:2");
    return 0;
}

static int enumerate_size(struct v4l2_frmsizeenum *answer) {
    if (answer->index > 0)
        return fail(EINVAL);
    answer->type = V4L2_FRMSIZE_TYPE_DISCRETE;
    answer->discrete.width = width;
    answer->discrete.height = height;
    return 0;
}

static int enumerate_interval(struct v4l2_frmivalenum *answer) {
    if (answer->index > 0)
        return fail(EINVAL);
    answer->type = V4L2_FRMIVAL_TYPE_DISCRETE;
    answer->discrete.numerator = 1;
    answer->discrete.denominator = fps;
    return 0;
}

// It has one format; whatever is asked for, this is the answer, as with any V4L2 driver.
static int format(struct v4l2_format *answer) {
    struct v4l2_pix_format *pixels = &answer->fmt.pix;
    pixels->width = width;
    pixels->height = height;
    pixels->pixelformat = pixel_format;
    pixels->field = V4L2_FIELD_NONE;
    pixels->bytesperline = pixel_format == V4L2_PIX_FMT_MJPEG ? 0 : width * 2;
    pixels->sizeimage = pixel_format == V4L2_PIX_FMT_MJPEG ? BUFFER_BYTES / 2 : width * height * 2;
    pixels->colorspace = V4L2_COLORSPACE_JPEG;
    return 0;
}

static int parameters(struct v4l2_streamparm *answer) {
    answer->parm.capture.capability = V4L2_CAP_TIMEPERFRAME;
    answer->parm.capture.timeperframe.numerator = 1;
    answer->parm.capture.timeperframe.denominator = fps;
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

static int dequeue(int fd, struct v4l2_buffer *buffer) {
    unsigned long long ticks;
    enum state state = gate();
    if (state == FROZEN || read(fd, &ticks, sizeof ticks) != sizeof ticks || queue_head == queue_tail)
        return fail(EAGAIN);
    unsigned index = queue[queue_head++ % MOST_BUFFERS];
    const struct frame *frame = &frames[sequence % frame_count];
    memcpy(buffers[index], frame->bytes, frame->length);
    describe_buffer(buffer, index);
    buffer->flags |= V4L2_BUF_FLAG_DONE;
    buffer->bytesused = state == BROKEN ? frame->length / 2 : frame->length;
    buffer->sequence = sequence++;
    buffer->field = V4L2_FIELD_NONE;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    buffer->timestamp.tv_sec = now.tv_sec;
    buffer->timestamp.tv_usec = now.tv_nsec / 1000;
    return 0;
}

static int stream(int fd, bool on) {
    struct itimerspec interval = {0};
    if (on) {
        interval.it_interval.tv_sec = fps == 1;
        interval.it_interval.tv_nsec = fps == 1 ? 0 : 1000000000L / fps;
        interval.it_value = interval.it_interval;
    } else {
        queue_head = queue_tail = 0;
    }
    return timerfd_settime(fd, 0, &interval, NULL);
}

static int answer(int fd, unsigned long request, void *argument) {
    switch (request) {
    case VIDIOC_QUERYCAP:
        return query_capability(argument);
    case VIDIOC_ENUM_FMT:
        return enumerate_format(argument);
    case VIDIOC_ENUM_FRAMESIZES:
        return enumerate_size(argument);
    case VIDIOC_ENUM_FRAMEINTERVALS:
        return enumerate_interval(argument);
    case VIDIOC_S_FMT:
    case VIDIOC_G_FMT:
    case VIDIOC_TRY_FMT:
        return format(argument);
    case VIDIOC_G_PARM:
    case VIDIOC_S_PARM:
        return parameters(argument);
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
        return fail(ENOTTY);
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

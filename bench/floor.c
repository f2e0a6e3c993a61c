// The kernel floor: what it costs to send the same bytes to every viewer, and nothing else.
//
//     gcc -O2 -o floor floor.c
//     floor PORT BYTES [FPS]
//
// One thread and one epoll loop on loopback. Whoever connects gets BYTES bytes FPS times a second (30), as one HTTP response that never
// ends. There is no parsing, no choice and no language but C here, so nothing that writes to plain TCP sockets can be cheaper for
// long. Each burst is one part of multipart/x-mixed-replace with its Content-Length, so that viewers.c can count it.
//
// Who has not taken the last picture whole does not get the next one.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define MOST_VIEWERS 4096
#define MOST_FDS 65536
#define MOST_EVENTS 512
#define UNSENT_BYTES 16384 // as our server asks of the kernel

static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace;boundary=b\r\n\r\n--b\r\n";

struct viewer {
    int fd;
    size_t sent;
    bool busy; // not everything of the last picture is written
};

static struct viewer viewers[MOST_VIEWERS];
static int viewer_count;
static int index_of[MOST_FDS];
static char *part;
static size_t part_bytes;

static void make_part(size_t jpeg_bytes) {
    static const char end[] = "\r\n--b\r\n";
    part = malloc(jpeg_bytes + 256);
    size_t at = sprintf(part, "Content-Type: image/jpeg\r\nContent-Length: %zu\r\n\r\n", jpeg_bytes);
    memset(part + at, 7, jpeg_bytes);
    memcpy(part + at + jpeg_bytes, end, sizeof end - 1);
    part_bytes = at + jpeg_bytes + sizeof end - 1;
}

static void write_on(struct viewer *viewer) {
    while (viewer->busy) {
        ssize_t count = send(viewer->fd, part + viewer->sent, part_bytes - viewer->sent, MSG_NOSIGNAL);
        if (count <= 0)
            return;
        viewer->sent += count;
        viewer->busy = viewer->sent < part_bytes;
    }
}

static void send_to_all(void) {
    for (struct viewer *viewer = viewers; viewer < viewers + viewer_count; viewer++)
        if (!viewer->busy) {
            viewer->busy = true;
            viewer->sent = 0;
            write_on(viewer);
        }
}

static void welcome(int listener, int poller) {
    int fd, one = 1, unsent = UNSENT_BYTES;
    while (viewer_count < MOST_VIEWERS && (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof unsent);
        send(fd, head, sizeof head - 1, MSG_NOSIGNAL);
        index_of[fd] = viewer_count;
        viewers[viewer_count++] = (struct viewer){.fd = fd};
        struct epoll_event event = {.events = EPOLLOUT | EPOLLET, .data.fd = fd};
        epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
    }
}

static int listen_on(int port) {
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 512)) {
        perror("floor");
        exit(1);
    }
    return listener;
}

static int clock_of(int fps) {
    int ticks = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    struct timespec interval = {.tv_sec = fps == 1, .tv_nsec = fps == 1 ? 0 : 1000000000L / fps};
    struct itimerspec both = {interval, interval};
    timerfd_settime(ticks, 0, &both, NULL);
    return ticks;
}

static void attend(int fd, int listener, int ticks, int poller) {
    unsigned long long passed;
    if (fd == listener)
        welcome(listener, poller);
    else if (fd != ticks)
        write_on(&viewers[index_of[fd]]);
    else if (read(ticks, &passed, sizeof passed) > 0)
        send_to_all();
}

int main(int count, char **words) {
    if (count < 3) {
        fprintf(stderr, "usage: floor PORT BYTES [FPS]\n");
        return 2;
    }
    make_part(atol(words[2]));
    int listener = listen_on(atoi(words[1])), ticks = clock_of(count > 3 ? atoi(words[3]) : 30);
    int poller = epoll_create1(0), both[] = {listener, ticks};
    for (int which = 0; which < 2; which++) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = both[which]};
        epoll_ctl(poller, EPOLL_CTL_ADD, both[which], &event);
    }
    for (;;) {
        struct epoll_event events[MOST_EVENTS];
        int ready = epoll_wait(poller, events, MOST_EVENTS, -1);
        for (int at = 0; at < ready; at++)
            attend(events[at].data.fd, listener, ticks, poller);
    }
}

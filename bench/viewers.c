// Many viewers in one process: what do they get, and how old is it when it arrives?
//
//     gcc -O2 -o viewers viewers.c
//     viewers PORT PATH COUNT SECONDS [option…]
//
// COUNT viewers read all they can, over MJPEG or WebSocket; only they are measured. Prints {"event": "begin"} when the count begins,
// and when it ends one line of JSON: pictures per second (all, least, median), bytes per second, connections lost, and the age of a
// picture when its last byte was here (from X-Timestamp or the binary header; this machine's clock).
//
//     ws              WebSocket, binary frames of docs/protocol.md; PATH is /ws/viewer/…
//     acks=STREAM     acknowledge each picture, as the page does
//     drawn           acknowledgements also say `drawn_after_ms`
//     ping=S          the page's own ping, every S seconds
//     stalled=K       K more viewers that send a request and never read
//     slow=K:RATE     K more that read RATE bytes a second
//     warm=S          first watch for S seconds that do not count (1.5)
//     linger=S        after the count, keep reading for S seconds: which of the stalled does the server close?
//     host=ADDRESS    of the server (127.0.0.1)
//     from=ADDRESS:N  connect from N addresses, the first one given, in turn
//     trace=FILE      a line for each counted picture: when (unix s), age (ms), bytes, width, height, frame number
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define READ_BYTES (256 << 10)
#define SMALL_BUFFER_BYTES 16384 // of who does not read: the kernel shall not read for them
#define HEADER_BYTES 24          // of a binary frame
#define NOTE_BYTES 125           // most that is kept of a WebSocket message; a control frame is no longer

enum { TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10 }; // opcodes
enum { PLACEHOLDER = 2 };                                        // flag of a binary frame

struct line {
    char text[512];
    int length;
};

struct viewer {
    int fd;
    enum { ANSWER, PARTS, CHUNKS, SOCKET, GONE } stage; // what the next bytes are
    struct line line;                                   // of the answer's head, or a chunk's size
    bool chunked;
    size_t chunk_left;

    struct line field; // of a part's head
    long length;       // of the part's picture
    size_t left;       // bytes of the picture, or the message, that are still to come
    double stamp_s;
    bool placeholder;

    unsigned char head[10]; // of a WebSocket frame
    int head_length;
    size_t message_bytes;
    unsigned char note[NOTE_BYTES]; // how the message begins
    size_t note_length;

    long pictures;
};

static struct {
    const char *host, *path, *acks, *trace, *from;
    int port, count, stalled, slow, addresses;
    bool socket, drawn;
    double seconds, slow_rate, warm_s, linger_s, ping_s;
} wish = {.host = "127.0.0.1", .warm_s = 1.5, .addresses = 1};

static bool measuring;
static FILE *trace;
static double *ages_ms;
static size_t age_count, age_room;
static long long bytes;
static long lost, placeholders;

static double now_s(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec + now.tv_nsec * 1e-9;
}

// ---- a picture has arrived ----

static void count_picture(struct viewer *viewer, double stamp_s, size_t size, int width, int height, unsigned number) {
    if (!measuring)
        return;
    double arrived_s = now_s(CLOCK_REALTIME), age_ms = (arrived_s - stamp_s) * 1e3;
    viewer->pictures++;
    if (trace)
        fprintf(trace, "%.6f %.2f %zu %d %d %u\n", arrived_s, stamp_s > 0 ? age_ms : -1, size, width, height, number);
    if (stamp_s <= 0)
        return;
    if (age_count == age_room) {
        age_room = age_room ? age_room * 2 : 65536;
        ages_ms = realloc(ages_ms, age_room * sizeof *ages_ms);
    }
    ages_ms[age_count++] = age_ms;
}

// ---- HTTP: lines, chunks, parts ----

// Take bytes up to the end of a line. True: `line->text` is whole, without its end.
static bool take_line(struct line *line, const char **from, size_t *count) {
    while (*count) {
        char next = *(*from)++;
        --*count;
        if (next == '\n') {
            while (line->length && line->text[line->length - 1] == '\r')
                line->length--;
            line->text[line->length] = 0;
            line->length = 0;
            return true;
        }
        if (line->length < (int)sizeof line->text - 1)
            line->text[line->length++] = next;
    }
    return false;
}

static void take_parts(struct viewer *viewer, const char *from, size_t count) {
    while (count) {
        if (viewer->left) {
            size_t now = count < viewer->left ? count : viewer->left;
            from += now;
            count -= now;
            viewer->left -= now;
            if (viewer->left)
                return;
            placeholders += viewer->placeholder;
            if (!viewer->placeholder)
                count_picture(viewer, viewer->stamp_s, viewer->length, 0, 0, 0);
            viewer->length = viewer->stamp_s = viewer->placeholder = 0;
        } else if (take_line(&viewer->field, &from, &count)) {
            const char *text = viewer->field.text;
            if (!strncasecmp(text, "content-length:", 15))
                viewer->length = atol(text + 15);
            else if (!strncasecmp(text, "x-timestamp:", 12))
                viewer->stamp_s = atof(text + 12);
            else if (!strncasecmp(text, "x-placeholder:", 14))
                viewer->placeholder = true;
            else if (!*text && viewer->length > 0)
                viewer->left = viewer->length;
        }
    }
}

static void take_chunks(struct viewer *viewer, const char *from, size_t count) {
    while (count) {
        if (viewer->chunk_left) {
            size_t now = count < viewer->chunk_left ? count : viewer->chunk_left;
            take_parts(viewer, from, now);
            from += now;
            count -= now;
            viewer->chunk_left -= now;
        } else if (take_line(&viewer->line, &from, &count)) {
            viewer->chunk_left = strtoul(viewer->line.text, NULL, 16); // 0 for the empty line after a chunk
        }
    }
}

// ---- WebSocket ----

static void say(struct viewer *viewer, int opcode, const void *payload, size_t length) {
    unsigned char frame[6 + NOTE_BYTES] = {0x80 | opcode, 0x80 | length}; // masked, with a key of zeros
    memcpy(frame + 6, payload, length);
    if (send(viewer->fd, frame, 6 + length, MSG_NOSIGNAL) != (ssize_t)(6 + length) && errno == EAGAIN)
        fprintf(stderr, "viewers: an answer did not fit\n");
}

static void acknowledge(struct viewer *viewer, unsigned number) {
    char text[NOTE_BYTES + 1];
    int length = snprintf(text, sizeof text, "{\"type\":\"ack\",\"data\":{\"stream_id\":\"%s\",\"frame_number\":%u%s}}",
                          wish.acks, number, wish.drawn ? ",\"drawn_after_ms\":0" : "");
    say(viewer, TEXT, text, length);
}

static uint64_t big_endian(const unsigned char *from, int count) {
    uint64_t value = 0;
    while (count--)
        value = value << 8 | *from++;
    return value;
}

static void message_arrived(struct viewer *viewer) {
    const unsigned char *note = viewer->note;
    int opcode = viewer->head[0] & 15;
    if (opcode == PING)
        say(viewer, PONG, note, viewer->note_length);
    if (opcode != BINARY || viewer->note_length < HEADER_BYTES)
        return;
    unsigned number = big_endian(note + 8, 4);
    placeholders += note[2] & PLACEHOLDER ? 1 : 0;
    if (!(note[2] & PLACEHOLDER))
        count_picture(viewer, big_endian(note + 16, 8) * 1e-6, viewer->message_bytes - HEADER_BYTES,
                      big_endian(note + 4, 2), big_endian(note + 6, 2), number);
    if (wish.acks)
        acknowledge(viewer, number);
}

// Is the head of a frame whole? Then `left` says how long it is.
static bool head_arrived(struct viewer *viewer) {
    int length = viewer->head_length < 2 ? 0 : viewer->head[1] & 127, extra = length == 126 ? 2 : length == 127 ? 8 : 0;
    if (viewer->head_length < 2 || viewer->head_length < 2 + extra)
        return false;
    viewer->left = viewer->message_bytes = extra ? big_endian(viewer->head + 2, extra) : (uint64_t)length;
    viewer->note_length = 0;
    return true;
}

static void take_frames(struct viewer *viewer, const char *from, size_t count) {
    while (count) {
        if (!viewer->left) {
            viewer->head[viewer->head_length++] = *from++;
            count--;
            if (!head_arrived(viewer) || viewer->left)
                continue;
        }
        size_t now = count < viewer->left ? count : viewer->left, room = NOTE_BYTES - viewer->note_length;
        memcpy(viewer->note + viewer->note_length, from, now < room ? now : room);
        viewer->note_length += now < room ? now : room;
        from += now;
        count -= now;
        viewer->left -= now;
        if (!viewer->left) {
            message_arrived(viewer);
            viewer->head_length = 0;
        }
    }
}

// ---- what comes in ----

static void take(struct viewer *viewer, const char *from, size_t count) {
    while (viewer->stage == ANSWER && take_line(&viewer->line, &from, &count)) {
        const char *text = viewer->line.text;
        int status = 0;
        if (sscanf(text, "HTTP/1.%*c %d", &status) == 1 && status != (wish.socket ? 101 : 200)) {
            fprintf(stderr, "viewers: %s\n", text);
            exit(3);
        }
        if (!strncasecmp(text, "transfer-encoding:", 18))
            viewer->chunked = true;
        if (!*text)
            viewer->stage = wish.socket ? SOCKET : viewer->chunked ? CHUNKS : PARTS;
    }
    if (viewer->stage == SOCKET)
        take_frames(viewer, from, count);
    else if (viewer->stage == CHUNKS)
        take_chunks(viewer, from, count);
    else if (viewer->stage == PARTS)
        take_parts(viewer, from, count);
}

static void read_some(struct viewer *viewer) {
    static char buffer[READ_BYTES];
    ssize_t count = recv(viewer->fd, buffer, sizeof buffer, 0);
    if (count > 0) {
        bytes += count;
        take(viewer, buffer, count);
    } else if (count == 0 || errno != EAGAIN) {
        lost++;
        viewer->stage = GONE;
        close(viewer->fd);
    }
}

static void read_slowly(const int *fds, double passed_s) {
    static char buffer[READ_BYTES];
    for (int at = 0; at < wish.slow; at++) {
        size_t quota = wish.slow_rate * passed_s;
        while (quota) {
            ssize_t count = recv(fds[at], buffer, quota < sizeof buffer ? quota : sizeof buffer, 0);
            if (count <= 0)
                break;
            quota -= count;
        }
    }
}

// ---- connections ----

static void bind_one_of(int fd) {
    static unsigned turn;
    struct sockaddr_in address = {.sin_family = AF_INET};
    inet_pton(AF_INET, wish.from, &address.sin_addr);
    address.sin_addr.s_addr = htonl(ntohl(address.sin_addr.s_addr) + turn++ % wish.addresses);
    if (bind(fd, (struct sockaddr *)&address, sizeof address))
        perror("viewers: bind");
}

static int dial(bool reads) {
    static const char upgrade[] = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                                  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    int fd = socket(AF_INET, SOCK_STREAM, 0), size = SMALL_BUFFER_BYTES, one = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(wish.port)};
    inet_pton(AF_INET, wish.host, &address.sin_addr);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (!reads)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    if (wish.from)
        bind_one_of(fd);
    char request[2048];
    int length = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: %s:%d\r\n%s\r\n", wish.path, wish.host,
                          wish.port, wish.socket ? upgrade : "");
    if (connect(fd, (struct sockaddr *)&address, sizeof address) || write(fd, request, length) != length) {
        perror("viewers: connect");
        exit(2);
    }
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

static int *dial_more(int count) {
    int *fds = calloc(count + 1, sizeof *fds);
    for (int at = 0; at < count; at++)
        fds[at] = dial(false);
    return fds;
}

static int closed_among(const int *fds, int count) {
    int closed = 0;
    for (int at = 0; at < count; at++) {
        struct pollfd look = {.fd = fds[at], .events = POLLRDHUP};
        closed += poll(&look, 1, 0) > 0;
    }
    return closed;
}

// ---- the run ----

static void watch(struct viewer *viewers, int poller, const int *slow, double until_s) {
    static double looked_s, pinged_s;
    for (double now; (now = now_s(CLOCK_MONOTONIC)) < until_s;) {
        if (now - looked_s > 0.05) {
            read_slowly(slow, looked_s ? now - looked_s : 0);
            looked_s = now;
        }
        if (wish.ping_s && now - pinged_s > wish.ping_s) {
            for (struct viewer *each = viewers; each < viewers + wish.count; each++)
                if (each->stage == SOCKET) {
                    say(each, TEXT, "{\"type\":\"ping\",\"data\":{\"t\":1}}", 30);
                    pinged_s = now;
                }
        }
        struct epoll_event events[256];
        int ready = epoll_wait(poller, events, 256, 20);
        for (int at = 0; at < ready; at++)
            read_some(&viewers[events[at].data.u32]);
    }
}

static int ascending(const void *one, const void *other) {
    double a = *(const double *)one, b = *(const double *)other;
    return (a > b) - (a < b);
}

static void report(const struct viewer *viewers, int stalled_closed, int slow_closed) {
    long pictures = 0;
    double *fps = calloc(wish.count + 1, sizeof *fps);
    for (int at = 0; at < wish.count; at++) {
        pictures += viewers[at].pictures;
        fps[at] = viewers[at].pictures / wish.seconds;
    }
    qsort(fps, wish.count, sizeof *fps, ascending);
    qsort(ages_ms, age_count, sizeof *ages_ms, ascending);
    printf("{\"viewers\": %d, \"pictures\": %ld, \"fps_min\": %.2f, \"fps_median\": %.2f, \"bytes_per_s\": %.0f, "
           "\"lost\": %ld, \"placeholders\": %ld, \"stalled_closed\": %d, \"slow_closed\": %d",
           wish.count, pictures, fps[0], fps[wish.count / 2], bytes / wish.seconds, lost, placeholders, stalled_closed,
           slow_closed);
    if (age_count)
        printf(", \"age_ms_p50\": %.3f, \"age_ms_p95\": %.3f, \"age_ms_p99\": %.3f, \"age_ms_max\": %.3f",
               ages_ms[age_count / 2], ages_ms[age_count * 95 / 100], ages_ms[age_count * 99 / 100],
               ages_ms[age_count - 1]);
    printf("}\n");
}

static void read_wishes(int count, char **words) {
    wish.port = atoi(words[1]);
    wish.path = words[2];
    wish.count = atoi(words[3]);
    wish.seconds = atof(words[4]);
    for (char **word = words + 5; word < words + count; word++) {
        char *value = strchr(*word, '=');
        value = value ? value + 1 : *word;
        if (!strcmp(*word, "ws"))
            wish.socket = true;
        else if (!strcmp(*word, "drawn"))
            wish.drawn = true;
        else if (!strncmp(*word, "acks=", 5))
            wish.acks = value;
        else if (!strncmp(*word, "ping=", 5))
            wish.ping_s = atof(value);
        else if (!strncmp(*word, "stalled=", 8))
            wish.stalled = atoi(value);
        else if (!strncmp(*word, "slow=", 5))
            sscanf(value, "%d:%lf", &wish.slow, &wish.slow_rate);
        else if (!strncmp(*word, "warm=", 5))
            wish.warm_s = atof(value);
        else if (!strncmp(*word, "linger=", 7))
            wish.linger_s = atof(value);
        else if (!strncmp(*word, "host=", 5))
            wish.host = value;
        else if (!strncmp(*word, "trace=", 6))
            wish.trace = value;
        else if (!strncmp(*word, "from=", 5) && strchr(value, ':')) {
            wish.addresses = atoi(strchr(value, ':') + 1);
            *strchr(value, ':') = 0;
            wish.from = value;
        } else {
            fprintf(stderr, "viewers: what is %s?\n", *word);
            exit(2);
        }
    }
}

int main(int count, char **words) {
    if (count < 5) {
        fprintf(stderr, "usage: viewers PORT PATH COUNT SECONDS [option…]\n");
        return 2;
    }
    read_wishes(count, words);
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (wish.trace)
        trace = fopen(wish.trace, "w");
    int poller = epoll_create1(0), *stalled = dial_more(wish.stalled), *slow = dial_more(wish.slow);
    struct viewer *viewers = calloc(wish.count + 1, sizeof *viewers);
    for (int at = 0; at < wish.count; at++) {
        viewers[at].fd = dial(true);
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = at};
        epoll_ctl(poller, EPOLL_CTL_ADD, viewers[at].fd, &event);
    }
    double begin_s = now_s(CLOCK_MONOTONIC) + wish.warm_s;
    watch(viewers, poller, slow, begin_s);
    printf("{\"event\": \"begin\"}\n");
    measuring = true;
    bytes = placeholders = 0;
    watch(viewers, poller, slow, begin_s + wish.seconds);
    measuring = false;
    if (wish.linger_s) {
        long long counted = bytes;
        printf("{\"event\": \"end\"}\n");
        watch(viewers, poller, slow, begin_s + wish.seconds + wish.linger_s);
        bytes = counted;
    }
    report(viewers, closed_among(stalled, wish.stalled), closed_among(slow, wish.slow));
    if (trace)
        fclose(trace);
    return 0;
}

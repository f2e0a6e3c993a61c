// A long wire: what comes in at one interface goes out at the other so many milliseconds later, and the other way round.
//
//     gcc -O2 -o delay delay.c
//     delay INTERFACE INTERFACE MILLISECONDS          (needs CAP_NET_RAW)
//
// Both interfaces are ends of veth pairs in a network namespace without addresses, so nobody but this program answers there, and
// the round trip that the kernel measures at the far ends is the real one. For kernels without netem.
//
// Packets keep their virtio header: a veth leaves checksums and the cutting of large packets to whoever comes last.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MOST_WAITING 8192 // 50 ms of 100 Mbit/s are some 400 packets; what comes beyond is lost, as in any router
#define PACKET_BYTES 66000

struct packet {
    long long due_ns;
    ssize_t length;
    char *bytes;
};

struct wire { // one direction
    int in, out;
    unsigned first, last; // of the packets on their way; they count on for ever
    struct packet packets[MOST_WAITING];
};

static struct wire wires[2];
static long long delay_ns;
static char arrived[PACKET_BYTES];

static long long now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static int attach(const char *interface) {
    int one = 1, bytes = 4 << 20, fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, htons(ETH_P_ALL));
    struct sockaddr_ll address = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = if_nametoindex(interface)};
    setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof one);
    setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof one); // else it would come back for ever
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address)) {
        perror(interface);
        exit(1);
    }
    return fd;
}

static void take_in(struct wire *wire) {
    ssize_t length;
    while ((length = recv(wire->in, arrived, sizeof arrived, 0)) > 0) {
        if (wire->last - wire->first == MOST_WAITING)
            continue;
        struct packet *packet = &wire->packets[wire->last++ % MOST_WAITING];
        *packet = (struct packet){now_ns() + delay_ns, length, malloc(length)};
        __builtin_memcpy(packet->bytes, arrived, length);
    }
}

// Send what is due. Returns when the next one is, or 0.
static long long let_out(struct wire *wire) {
    for (; wire->first != wire->last; wire->first++) {
        struct packet *packet = &wire->packets[wire->first % MOST_WAITING];
        if (packet->due_ns > now_ns())
            return packet->due_ns;
        if (write(wire->out, packet->bytes, packet->length) < 0)
            perror("delay: a packet is lost");
        free(packet->bytes);
    }
    return 0;
}

int main(int count, char **words) {
    if (count != 4) {
        fprintf(stderr, "usage: delay INTERFACE INTERFACE MILLISECONDS\n");
        return 2;
    }
    delay_ns = atof(words[3]) * 1e6;
    int ends[] = {attach(words[1]), attach(words[2])};
    for (int way = 0; way < 2; way++) {
        wires[way].in = ends[way];
        wires[way].out = ends[!way];
    }
    for (;;) {
        long long next_ns = 0;
        for (int way = 0; way < 2; way++) {
            take_in(&wires[way]);
            long long due_ns = let_out(&wires[way]);
            if (due_ns && (!next_ns || due_ns < next_ns))
                next_ns = due_ns;
        }
        long long wait_ns = next_ns ? next_ns - now_ns() : 1000000000LL;
        struct timespec wait = {.tv_nsec = wait_ns > 0 ? wait_ns % 1000000000LL : 0};
        if (!next_ns)
            wait = (struct timespec){.tv_sec = 1};
        struct pollfd both[] = {{.fd = ends[0], .events = POLLIN}, {.fd = ends[1], .events = POLLIN}};
        ppoll(both, 2, &wait, NULL);
    }
}

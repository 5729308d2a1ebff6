/* libpcap's time for a filter: nanoseconds a packet, the best of several rounds over all packets of
 * the captures. Compiled and run by the bench beside it:
 *
 *     filter EXPRESSION CAPTURE...     prints "NANOSECONDS CHOSEN" */

#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct packet {
    struct pcap_pkthdr header;
    unsigned char *octets;
};

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

int main(int count, char **words)
{
    struct packet *packets = NULL;
    size_t held = 0;
    struct bpf_program program;
    char error[PCAP_ERRBUF_SIZE];

    for (int file = 2; file < count; file++) {
        pcap_t *capture = pcap_open_offline(words[file], error);
        struct pcap_pkthdr *header;
        const unsigned char *octets;

        if (capture == NULL) {
            fprintf(stderr, "%s\n", error);
            return 1;
        }
        while (pcap_next_ex(capture, &header, &octets) == 1) {
            packets = realloc(packets, (held + 1) * sizeof *packets);
            packets[held].header = *header;
            packets[held].octets = malloc(header->caplen + 1);
            memcpy(packets[held].octets, octets, header->caplen);
            held++;
        }
        if (file == 2 && pcap_compile(capture, &program, words[1], 1, PCAP_NETMASK_UNKNOWN) != 0) {
            fprintf(stderr, "%s\n", pcap_geterr(capture));
            return 1;
        }
        pcap_close(capture);
    }

    double best = 1e18;
    unsigned long chosen = 0;
    for (int round = 0; round < 200; round++) {
        double start = now();
        chosen = 0;
        for (size_t at = 0; at < held; at++)
            chosen += pcap_offline_filter(&program, &packets[at].header, packets[at].octets) != 0;
        double took = (now() - start) / (double)held;
        if (took < best)
            best = took;
    }
    printf("%.2f %lu\n", best, chosen);
    return 0;
}

/* Sends a message whose name and data lie in memory that does not come until a line is read from standard input, one for each
   (userfaultfd). usage: stuck DEVICE. Says "waiting" whenever memory is waited for and "sent ERRNO" afterwards; exits with 77 where
   that cannot be done. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096
#define SEND _IOR('k', 8, char *)

struct header {
    uint32_t start, id[2], in_reply_to[2], to, from, orig_from[2], final_to[2], extra, flags, name_len, data_len;
    const char *name;
    const void *data;
    uint32_t end;
};

static char *withheld;
static int uffd;

static void *let_come(void *unused)
{
    static char page[PAGE] __attribute__((aligned(PAGE))) = "$.Late";
    struct uffd_msg fault;
    while (read(uffd, &fault, sizeof fault) == sizeof fault) {
        struct uffdio_copy copy = { .dst = fault.arg.pagefault.address & ~(uint64_t)(PAGE - 1), .src = (uintptr_t)page, .len = PAGE };
        puts("waiting");
        fflush(stdout);
        getchar();
        if (ioctl(uffd, UFFDIO_COPY, &copy) != 0)
            perror("UFFDIO_COPY");
    }
    return unused;
}

int main(int argc, char **argv)
{
    struct uffdio_api api = { .api = UFFD_API };
    struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };
    pthread_t thread;
    uint32_t id[2];
    int fd = argc == 2 ? open(argv[1], O_RDWR) : -1;
    if (fd < 0)
        return 1;
    uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
    withheld = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    range.range.start = (uintptr_t)withheld;
    range.range.len = 2 * PAGE;
    if (uffd < 0 || ioctl(uffd, UFFDIO_API, &api) != 0 || ioctl(uffd, UFFDIO_REGISTER, &range) != 0)
        return 77;
    struct header h = { .start = 0x7375624B, .name_len = 6, .data_len = 1, .name = withheld, .data = withheld + PAGE, .end = 0x4B627573 };
    if (write(fd, &h, sizeof h) != sizeof h || pthread_create(&thread, NULL, let_come, NULL) != 0)
        return 1;
    int result = ioctl(fd, SEND, id);
    printf("sent %d\n", result == 0 ? 0 : errno);
    return 0;
}

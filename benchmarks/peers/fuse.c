/*
 * What one call on a file of a FUSE file system costs: a server that does nothing, and a client that times one ioctl.
 *
 *     fuse serve FOLDER                          mounts a file system with the one file kbus0 in FOLDER; ends when that is unmounted
 *     fuse call  FILE ms=N warm=N                times NUMMSGS, which a server that does nothing answers with 0
 */
#define _FILE_OFFSET_BITS 64
#define FUSE_USE_VERSION 312
#include "peer.h"
#include <errno.h>
#include <fcntl.h>
#include <fuse3/fuse_lowlevel.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#define FILE_INODE 2
#define NUMMSGS _IOR('k', 12, char *)

static struct stat status_of(fuse_ino_t inode)
{
    struct stat st = { .st_ino = inode, .st_mode = inode == FILE_INODE ? S_IFREG | 0666 : S_IFDIR | 0755, .st_nlink = 1 };
    return st;
}

static void do_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
    (void)parent;
    if (strcmp(name, "kbus0") != 0) {
        fuse_reply_err(req, ENOENT);
        return;
    }
    struct fuse_entry_param entry = { .ino = FILE_INODE, .attr = status_of(FILE_INODE), .attr_timeout = 3600, .entry_timeout = 3600 };
    fuse_reply_entry(req, &entry);
}

static void do_getattr(fuse_req_t req, fuse_ino_t inode, struct fuse_file_info *file)
{
    (void)file;
    struct stat st = status_of(inode);
    fuse_reply_attr(req, &st, 3600);
}

static void do_open(fuse_req_t req, fuse_ino_t inode, struct fuse_file_info *file)
{
    (void)inode;
    file->direct_io = 1;
    fuse_reply_open(req, file);
}

static void do_ioctl(fuse_req_t req, fuse_ino_t inode, unsigned command, void *argument, struct fuse_file_info *file, unsigned flags,
                     const void *input, size_t input_size, size_t output_size)
{
    (void)inode, (void)command, (void)argument, (void)file, (void)flags, (void)input, (void)input_size, (void)output_size;
    uint32_t nothing = 0;
    fuse_reply_ioctl(req, 0, &nothing, sizeof nothing);
}

static int serve(const char *folder)
{
    char *words[] = { "fuse", "-o", "fsname=kbus-bench,default_permissions" };
    struct fuse_args args = { 3, words, 0 };
    struct fuse_lowlevel_ops ops = { .lookup = do_lookup, .getattr = do_getattr, .open = do_open, .ioctl = do_ioctl };
    struct fuse_session *session = fuse_session_new(&args, &ops, sizeof ops, NULL);
    if (!session || fuse_session_mount(session, folder) != 0)
        fail("serve", "cannot mount");
    say_ready();
    fuse_session_loop(session);
    return 0;
}

static void call(const struct run *run, void *argument_of_it)
{
    uint32_t count = 0;
    (void)run;
    if (ioctl(*(int *)argument_of_it, NUMMSGS, &count) < 0)
        fail("call", strerror(errno));
}

int main(int argc, char **argv)
{
    if (argc >= 3 && strcmp(argv[1], "serve") == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        return serve(argv[2]);
    }
    struct run run = read_arguments(argc, argv);
    int file = open(run.address, O_RDWR);
    if (file < 0)
        fail(run.address, strerror(errno));
    time_round_trips(&run, call, &file);
    return 0;
}

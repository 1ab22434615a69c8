namespace Kbus.Linux.Tests;

/// <summary>The errors that calls return, and those of the bus, are the same numbers.</summary>
public sealed class ErrorNumberTests
{
    [Theory]
    [InlineData(Errno.EPERM, LibC.NotPermitted)]
    [InlineData(Errno.ENOENT, LibC.NotFound)]
    [InlineData(Errno.ESRCH, LibC.NoSuchProcess)]
    [InlineData(Errno.EINTR, LibC.Interrupted)]
    [InlineData(Errno.EAGAIN, LibC.Again)]
    [InlineData(Errno.ENOMEM, LibC.NoMemory)]
    [InlineData(Errno.EACCES, LibC.NoAccess)]
    [InlineData(Errno.EFAULT, LibC.BadAddress)]
    [InlineData(Errno.EEXIST, LibC.Exists)]
    [InlineData(Errno.EINVAL, LibC.Invalid)]
    [InlineData(Errno.ENFILE, LibC.TooManyOnMachine)]
    [InlineData(Errno.EMFILE, LibC.TooManyOpen)]
    [InlineData(Errno.EPIPE, LibC.BrokenPipe)]
    [InlineData(Errno.ERANGE, LibC.OutOfRange)]
    [InlineData(Errno.ENAMETOOLONG, LibC.NameTooLong)]
    [InlineData(Errno.ENOSYS, LibC.NoSuchCall)]
    [InlineData(Errno.EMSGSIZE, LibC.MessageTooLong)]
    [InlineData(Errno.ENOPROTOOPT, LibC.NoSuchOption)]
    [InlineData(Errno.ETIMEDOUT, LibC.TimedOut)]
    [InlineData(Errno.ECANCELED, LibC.Cancelled)]
    public void A_number_is_that_of_the_bus(Errno errno, int result) => Assert.Equal(-(int)errno, result);
}

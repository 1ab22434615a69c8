namespace Kbus.Native;

/// <summary>Results as C has them: nothing that is thrown leaves the library.</summary>
internal static class Failure
{
    /// <summary>0, or the error as a negative number.</summary>
    public static int Of(Errno error) => -(int)error;

    /// <summary>A number, or the error as a negative one.</summary>
    public static int Of(Errno error, int value) => error == Errno.None ? value : -(int)error;

    /// <summary>What an exception means as a negative errno.</summary>
    public static int Of(Exception exception) => exception switch
    {
        KbusException refusal => Of(refusal.Errno),
        ObjectDisposedException => Of(Errno.EBADF),
        OutOfMemoryException => Of(Errno.ENOMEM),
        NullReferenceException => Of(Errno.EFAULT),
        ArgumentException => Of(Errno.EINVAL),
        _ => Of(Errno.EIO),
    };
}

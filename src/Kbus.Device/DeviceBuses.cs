using Kbus.Core;

namespace Kbus.Device;

/// <summary>The buses that are shown as device files. Called by the thread that serves the files, outside of every bus.</summary>
internal abstract class DeviceBuses
{
    /// <summary>How many buses there are, numbered from 0.</summary>
    public abstract int Count { get; }

    /// <summary>The bus of this number, or null.</summary>
    public abstract DeviceBus? Find(uint number);

    /// <summary>Lets a process have one more Ksock.</summary>
    /// <param name="owner">Whose it is to be.</param>
    /// <param name="share">What is to be disposed of when it has closed.</param>
    /// <returns>None, or EDQUOT: the process or its user has as many as may be.</returns>
    public abstract Errno TryOpen(in KsockOwner owner, out IDisposable? share);

    /// <summary>Makes another bus (NEWDEVICE).</summary>
    /// <param name="share">What <see cref="TryOpen"/> gave for the Ksock that asks.</param>
    /// <param name="number">The bus's number.</param>
    /// <returns>None, EINVAL (there are as many as possible), EDQUOT, or what kept the bus from being made.</returns>
    public abstract Errno NewDevice(IDisposable share, out uint number);

    /// <summary>A pointer of a caller could not be followed, because its memory may not be read.</summary>
    /// <param name="processId">The caller; 0 if it has no number here.</param>
    /// <param name="userId">Its user.</param>
    /// <param name="why">The reason, as the rest of a sentence.</param>
    public abstract void MemoryRefused(int processId, uint userId, string why);

    /// <summary>Starts a thread that serves the files.</summary>
    /// <returns>False if the kernel allows no further one.</returns>
    public abstract bool TryStartThread(string name, ThreadStart run);

    /// <summary>A request came to an exception and has failed with EIO, or another step of serving was given up.</summary>
    public abstract void RequestFailed(Exception fault);
}

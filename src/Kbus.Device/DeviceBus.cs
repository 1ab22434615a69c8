using Kbus.Core;

namespace Kbus.Device;

/// <summary>One bus as the device files see it: its Core, and the door through which they come to it.</summary>
/// <remarks>
/// A device call runs on the thread that read it, between <see cref="Enter"/> and <see cref="Leave"/>; only then may it touch
/// <see cref="Bus"/>. Whoever is inside does nothing that could wait: no memory of a caller is read there, and nothing is waited for.
/// </remarks>
internal abstract class DeviceBus
{
    /// <summary>The bus's number.</summary>
    public abstract uint Number { get; }

    /// <summary>The bus.</summary>
    public abstract Bus Bus { get; }

    /// <summary>Waits until nobody else is in an operation on this bus, and keeps everybody else out.</summary>
    public abstract void Enter();

    /// <summary>Rings everybody else who has got messages, and lets others in again.</summary>
    public abstract void Leave();

    /// <summary>A Ksock was opened (1) or closed (-1) here. Called inside.</summary>
    public abstract void CountKsock(int change);

    /// <summary>The bus's message limit has been set. Called inside.</summary>
    public abstract void MaxMessageSizeChanged();
}

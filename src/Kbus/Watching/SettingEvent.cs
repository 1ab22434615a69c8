namespace Kbus;

/// <summary>A Ksock has changed a setting, or tried to.</summary>
public sealed class SettingEvent : BusEvent
{
    internal SettingEvent()
    {
    }

    /// <summary>The setting as the original calls it: <c>MAXMSGS</c>, <c>MSGONLYONCE</c>, <c>VERBOSE</c>, <c>REPORTREPLIERBINDS</c>,
    /// <c>MAXMSGSIZE</c>; or <c>NETWORKID</c>.</summary>
    public required string Setting { get; init; }

    /// <summary>The value that was asked for.</summary>
    public uint Value { get; init; }
}

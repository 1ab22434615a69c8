namespace Kbus;

/// <summary>All Ksocks and bindings that were there when the watcher came have been told.</summary>
public sealed class SnapshotEndEvent : BusEvent
{
    internal SnapshotEndEvent()
    {
    }
}

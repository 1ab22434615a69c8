namespace Kbus.Cli;

/// <summary>What a record of a recording holds.</summary>
/// <remarks>Below 256 it is what a watcher gets, as the bus wrote it (<see cref="Kbus.Link.WatchRecordKind"/>).</remarks>
internal enum RecordKind : uint
{
    /// <summary>The program and the user of the Ksock that the next record tells of.</summary>
    Program = 256,

    /// <summary>What the wall clock says, because it has been set since.</summary>
    Clock = 257,

    /// <summary>Records that were compressed together.</summary>
    Block = 258,

    /// <summary>The recorder has ended here by itself.</summary>
    End = 259,

    /// <summary>A recording begins, or goes on in another file. The bytes <c>K B U S</c>: no other record can be taken for it.</summary>
    Begin = 0x5355424B,
}

namespace Kbus.Linux;

/// <summary>Which file it is, of what kind, and whose.</summary>
/// <remarks>Its inode is its own only while somebody holds the file: afterwards the next file that is made may get it.</remarks>
/// <param name="Device">The file system.</param>
/// <param name="Node">The inode.</param>
/// <param name="Mode">Kind and permissions.</param>
/// <param name="UserId">Its owner.</param>
/// <param name="Names">How many names it has; zero when it was removed.</param>
internal readonly record struct FileStatus(ulong Device, ulong Node, int Mode, uint UserId, uint Names)
{
    private const int KindBits = 0xF000;
    private const int Socket = 0xC000;
    private const int Regular = 0x8000;
    private const int Link = 0xA000;
    private const int Pipe = 0x1000;
    private const int GroupWrites = 0x10;
    private const int OthersWrite = 0x2;
    private const int Sticky = 0x200;

    /// <summary>Whether it is a socket.</summary>
    public bool IsSocket => (Mode & KindBits) == Socket;

    /// <summary>Whether it is a file with data in it.</summary>
    public bool IsRegular => (Mode & KindBits) == Regular;

    /// <summary>Whether it is a pipe.</summary>
    public bool IsPipe => (Mode & KindBits) == Pipe;

    /// <summary>Whether it is a symbolic link.</summary>
    public bool IsLink => (Mode & KindBits) == Link;

    /// <summary>Of a directory: whether every user may remove what is in it.</summary>
    public bool AnybodyMayRemove => (Mode & (OthersWrite | Sticky)) == OthersWrite;

    /// <summary>Whether its owner alone may write to it, root and access lists aside.</summary>
    public bool IsWrittenByOwnerAlone => (Mode & (GroupWrites | OthersWrite)) == 0;

    /// <summary>Its permissions.</summary>
    public int Permissions => Mode & ~KindBits;

    /// <summary>Whether both are one file.</summary>
    public bool IsSame(FileStatus other) => (Device, Node) == (other.Device, other.Node);
}

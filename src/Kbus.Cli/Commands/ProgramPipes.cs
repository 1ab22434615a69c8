using System.Diagnostics;
using System.IO.Pipes;
using System.Runtime.InteropServices;

namespace Kbus.Cli;

/// <summary>Feeds a program, reads what it prints, and waits for its end, all on one thread and with a limit for each.</summary>
/// <remarks>
/// The program's end counts, not the end of its output: something that it left running in the background may hold its output open for ever.
/// A program that prints before it has read all would wait for us while we wait for it, so neither side is ever waited for alone.
/// </remarks>
internal sealed partial class ProgramPipes : IDisposable
{
    private const int Exit = 0;
    private const int Output = 1;
    private const int Input = 2;
    private const int Again = 11;
    private const int Interrupted = 4;
    private const int OpenProcess = 434;
    private const int SetFlags = 4;
    private const int NonBlocking = 0x800;

    // The interval of polling, in milliseconds. It is used only if the system does not report the program's end, or the program ended
    // before we could ask.
    private const uint BetweenLooks = 50;
    private const short PollIn = 1;
    private const short PollOut = 4;

    private readonly Process _process;
    private readonly uint _most;
    private readonly MemoryStream _printed = new();
    private readonly byte[] _chunk = new byte[65536];
    private readonly PollEntry[] _entries = new PollEntry[3];
    private ReadOnlyMemory<byte> _toFeed;

    /// <summary>Takes over the pipes of a program that has been started.</summary>
    /// <param name="process">The program, with its standard input and output redirected.</param>
    /// <param name="input">Its input.</param>
    /// <param name="most">The most bytes that it may print.</param>
    public ProgramPipes(Process process, ReadOnlyMemory<byte> input, uint most)
    {
        _process = process;
        _toFeed = input;
        _most = most;
        _entries[Exit] = new PollEntry { Descriptor = (int)Call(OpenProcess, process.Id, 0), Wanted = PollIn };
        _entries[Output] = new PollEntry { Descriptor = Ours(process.StandardOutput.BaseStream), Wanted = PollIn };
        _entries[Input] = new PollEntry { Descriptor = Ours(process.StandardInput.BaseStream), Wanted = PollOut };
        if (input.IsEmpty)
        {
            CloseInput();
        }
    }

    /// <summary>Its output so far.</summary>
    public byte[] Printed => _printed.ToArray();

    /// <summary>Whether it printed more than it may; the rest was not read.</summary>
    public bool IsTooMuch { get; private set; }

    /// <summary>Waits until the program has ended, and reads all that it printed until then.</summary>
    /// <param name="limit">The time limit; null for none.</param>
    /// <param name="time">The source of time.</param>
    /// <returns>False if the time ran out first.</returns>
    public unsafe bool RunToEnd(TimeSpan? limit, TimeProvider time)
    {
        long start = time.GetTimestamp();
        while (true)
        {
            int left = limit is null ? -1 : Clamp(limit.Value - time.GetElapsedTime(start));
            bool knowsEnd = _entries[Exit].Descriptor >= 0;
            bool hasEnded = !knowsEnd && _process.HasExited;
            int milliseconds = hasEnded ? 0 : knowsEnd ? left : (int)Math.Min((uint)left, BetweenLooks);
            int ready;
            fixed (PollEntry* entries = _entries)
            {
                ready = Poll(entries, (nuint)_entries.Length, milliseconds);
            }

            if (ready == 0 && !hasEnded && left == milliseconds)
            {
                return false;
            }

            if (ready > 0)
            {
                if (_entries[Input].Returned != 0)
                {
                    Feed();
                }

                if (_entries[Output].Returned != 0)
                {
                    _ = Read();
                }

                hasEnded |= knowsEnd && _entries[Exit].Returned != 0;
            }

            if (hasEnded)
            {
                while (Read())
                {
                    // Its output before its end is there.
                }

                return true;
            }
        }
    }

    /// <summary>Closes everything.</summary>
    public void Dispose()
    {
        CloseInput();
        CloseOutput();
        if (_entries[Exit].Descriptor >= 0)
        {
            _ = Close(_entries[Exit].Descriptor);
            _entries[Exit].Descriptor = -1;
        }
    }

    private static int Clamp(TimeSpan time) => (int)Math.Clamp(Math.Ceiling(time.TotalMilliseconds), 0, int.MaxValue);

    /// <summary>The descriptor of our end of a pipe. Nobody else has it, so it may be made non-blocking.</summary>
    private static int Ours(Stream stream)
    {
        int descriptor = (int)((PipeStream)stream).SafePipeHandle.DangerousGetHandle();
        _ = Control(descriptor, SetFlags, NonBlocking);
        return descriptor;
    }

    private unsafe void Feed()
    {
        nint written;
        fixed (byte* start = _toFeed.Span)
        {
            written = Write(_entries[Input].Descriptor, start, (nuint)_toFeed.Length);
        }

        if (written >= 0)
        {
            _toFeed = _toFeed[(int)written..];
        }

        if (_toFeed.IsEmpty || (written < 0 && Marshal.GetLastPInvokeError() is not Again and not Interrupted))
        {
            // It has all, or does not want to read all of it.
            CloseInput();
        }
    }

    /// <summary>Reads what is there.</summary>
    /// <returns>False if nothing is, or will ever be.</returns>
    private unsafe bool Read()
    {
        if (_entries[Output].Descriptor < 0)
        {
            return false;
        }

        nint read;
        fixed (byte* start = _chunk)
        {
            read = Read(_entries[Output].Descriptor, start, (nuint)_chunk.Length);
        }

        if (read < 0)
        {
            return Marshal.GetLastPInvokeError() == Interrupted;
        }

        _printed.Write(_chunk, 0, (int)read);
        IsTooMuch |= _printed.Length > _most;
        if (read == 0 || IsTooMuch)
        {
            // One that goes on printing gets SIGPIPE, as before 'head'.
            CloseOutput();
            return false;
        }

        return true;
    }

    private void CloseInput()
    {
        if (_entries[Input].Descriptor >= 0)
        {
            _entries[Input].Descriptor = -1;
            _process.StandardInput.BaseStream.Dispose();
        }
    }

    private void CloseOutput()
    {
        if (_entries[Output].Descriptor >= 0)
        {
            _entries[Output].Descriptor = -1;
            _process.StandardOutput.BaseStream.Dispose();
        }
    }

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint Call(nint number, nint process, nint flags);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Control(int descriptor, int command, int flags);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static unsafe partial nint Read(int descriptor, byte* bytes, nuint count);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static unsafe partial nint Write(int descriptor, byte* bytes, nuint count);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static unsafe partial int Poll(PollEntry* entries, nuint count, int milliseconds);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollEntry
    {
        public int Descriptor;
        public short Wanted;
        public short Returned;
    }
}

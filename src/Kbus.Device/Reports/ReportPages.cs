using Kbus.Core;

namespace Kbus.Device;

/// <summary>Reads a list of a bus page by page: between two pages the bus is left, and others come in.</summary>
internal static class ReportPages
{
    // Some 20 microseconds, or 50 with names of 1000 bytes.
    private const int EntriesInPage = 50;

    /// <summary>Reads all entries that stay.</summary>
    /// <param name="bus">The bus.</param>
    /// <param name="list">One of its lists, of which the newest entry is read first.</param>
    /// <param name="observe">Called inside for each entry first; it may change the bus, but not the list.</param>
    /// <param name="read">Called inside for each entry; it changes nothing, so if it fails, for want of memory say, the report alone is given up.</param>
    /// <typeparam name="T">The kind of entry.</typeparam>
    /// <exception cref="BusEndedException">A fault has ended the bus.</exception>
    public static void Read<T>(DeviceBus bus, LinkedEntries<T> list, Action<T>? observe, Action<T> read)
        where T : class
    {
        EntryCursor<T> cursor = new(newestFirst: true);
        bool isMore = true;
        for (bool isFirst = true; isMore; isFirst = false)
        {
            bus.Enter();
            if (isFirst)
            {
                cursor.Enter(list);
            }

            isMore = ReadPage(bus, cursor, observe, read);
            if (!isMore)
            {
                cursor.Leave();
            }

            bus.Leave();
        }
    }

    private static bool ReadPage<T>(DeviceBus bus, EntryCursor<T> cursor, Action<T>? observe, Action<T> read)
        where T : class
    {
        for (int i = 0; i < EntriesInPage && cursor.Current is { } entry; i++)
        {
            observe?.Invoke(entry);
            try
            {
                read(entry);
            }
            catch
            {
                cursor.Leave();
                bus.Leave();
                throw;
            }

            cursor.Advance();
        }

        return cursor.Current is not null;
    }
}

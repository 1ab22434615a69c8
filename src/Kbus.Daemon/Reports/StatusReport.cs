using Kbus.Core;

namespace Kbus.Daemon;

/// <summary>What <c>kbus status</c> shows: all buses, their Ksocks, bindings, queues and debts. It is made page by page.</summary>
/// <remarks>Each page is true of its moment, and <c>pages</c> says of how many such moments a bus's part is made.</remarks>
/// <param name="daemon">What it is about.</param>
internal sealed class StatusReport(Daemon daemon) : Report(daemon)
{
    private static readonly string[] StatusWords = ["gone_away", "ignored", "unbound", "disappeared", "error_sending"];

    private ReportPlace _place = new();
    private bool _isInKsock;
    private bool _isAtDebts;
    private bool _isAtNames;
    private int _pages;

    /// <inheritdoc/>
    public override BusWork? Release() => _place.Pages > 0 ? new PlaceRelease(_place) : null;

    /// <inheritdoc/>
    protected override void BeginDaemon(Daemon about)
    {
        Json.WriteNumber("memory", Environment.WorkingSet);
        Json.WriteNumber("allocated", GC.GetTotalAllocatedBytes());
        Json.WriteNumber("uptime_seconds", Math.Round(about.Uptime.TotalSeconds, 3));
        Json.WriteNumber("processor_seconds", Math.Round(Environment.CpuUsage.TotalTime.TotalSeconds, 3));
    }

    /// <inheritdoc/>
    protected override void BeginBus()
    {
        _place = new ReportPlace();
        (_isInKsock, _isAtDebts, _isAtNames, _pages) = (false, false, false, 0);
    }

    /// <inheritdoc/>
    protected override ReportPiece MakeNext(StatusPage page, Action<ReportPiece> filled)
    {
        page.Place = _place;
        return page;
    }

    /// <inheritdoc/>
    protected override bool WritePiece(ReportPiece piece)
    {
        var page = (StatusPage)piece;
        if (page.IsFirst)
        {
            Begin(page.Bus);
        }

        _pages++;
        foreach (ref readonly PageEntry entry in page.Entries)
        {
            Write(page, entry);
        }

        if (page.IsLast)
        {
            End(isComplete: true);
        }

        return page.IsLast;
    }

    /// <inheritdoc/>
    protected override void CutBus()
    {
        if (_pages > 0)
        {
            End(isComplete: false);
        }
    }

    private void Begin(in BusEntry bus)
    {
        Json.WriteStartObject();
        Json.WriteNumber("bus", Number);
        Json.WriteNumber("max_message_size", bus.MaxMessageSize);
        Json.WriteNumber("absolute_max_message_size", bus.AbsoluteMaxMessageSize);
        Json.WriteBoolean("verbose", bus.IsVerbose);
        Json.WriteBoolean("reports_binds", bus.ReportsBinds);
        Json.WriteNumber("set_aside_events", bus.SetAsideEvents);
        Json.WriteBoolean("losing_events", bus.IsLosingEvents);
        Json.WriteNumber("answers_owed", bus.AnswersOwed);
        Json.WriteNumber("bindings", bus.Bindings);
        Json.WriteNumber("wake_ups", bus.WakeUps);
        Json.WriteNumber("watchers", bus.Watchers);
        Write("traffic", bus.Traffic);
        Write("traffic_of_other_names", bus.OtherNames);
        Json.WriteStartArray("ksocks");
    }

    private void End(bool isComplete)
    {
        BeginNames();
        Json.WriteEndArray();
        Json.WriteNumber("pages", _pages);
        Json.WriteBoolean("complete", isComplete);
        Json.WriteEndObject();
    }

    private void Write(StatusPage page, in PageEntry entry)
    {
        switch (entry.Kind)
        {
            case PageEntryKind.Ksock:
                EndKsock(isClosed: false);
                Write(page.Ksock(entry));
                break;
            case PageEntryKind.Binding:
                Json.WriteStartObject();
                Json.WriteString("name", page.Name(entry));
                Json.WriteBoolean("replier", entry.IsSo);
                Json.WriteNumber("order", entry.Order);
                Json.WriteEndObject();
                break;
            case PageEntryKind.Owed:
                BeginDebts();
                Json.WriteStartObject();
                Write("request", entry.Request);
                Json.WriteNumber("replier", entry.Replier);
                Json.WriteBoolean("read", entry.IsSo);
                Json.WriteEndObject();
                break;
            case PageEntryKind.Name:
                BeginNames();
                Json.WriteStartObject();
                Json.WriteString("name", page.Name(entry));
                WriteFields(page.Traffic(entry));
                Json.WriteEndObject();
                break;
            default:
                EndKsock(isClosed: true);
                break;
        }
    }

    private void Write(in KsockEntry ksock)
    {
        string mode = ksock.Owner.Mode switch { KsockMode.Read => "read", KsockMode.Write => "write", KsockMode.ReadWrite => "read/write", _ => "neither" };
        Json.WriteStartObject();
        Json.WriteNumber("id", ksock.Id);
        Json.WriteNumber("pid", ksock.Owner.ProcessId);
        Json.WriteNumber("uid", ksock.Owner.UserId);
        Json.WriteString("program", Names.Of(ksock.Owner.ProcessId));
        Json.WriteString("mode", mode);
        Json.WriteNumber("network_id", ksock.NetworkId);
        Json.WriteNumber("queued", ksock.Queued);
        Json.WriteNumber("max_messages", ksock.MaxMessages);
        Json.WriteNumber("queued_bytes", ksock.QueuedBytes);
        Json.WriteNumber("held_bytes", ksock.HeldBytes);
        Json.WriteNumber("missed", ksock.Missed);
        Json.WriteNumber("outstanding", ksock.Outstanding);
        Json.WriteBoolean("only_once", ksock.OnlyOnce);
        Json.WriteBoolean("sending", ksock.IsSending);
        Write("last_sent", ksock.LastSent);
        Write("traffic", ksock.Traffic);
        Json.WriteStartArray("bindings");
        (_isInKsock, _isAtDebts) = (true, false);
    }

    private void BeginNames()
    {
        if (!_isAtNames)
        {
            EndKsock(isClosed: false);
            Json.WriteEndArray();
            Json.WriteStartArray("names");
            _isAtNames = true;
        }
    }

    private void BeginDebts()
    {
        if (!_isAtDebts)
        {
            Json.WriteEndArray();
            Json.WriteStartArray("waits_for");
            _isAtDebts = true;
        }
    }

    private void EndKsock(bool isClosed)
    {
        if (_isInKsock)
        {
            BeginDebts();
            Json.WriteEndArray();
            if (isClosed)
            {
                Json.WriteBoolean("closed", true);
            }

            Json.WriteEndObject();
            _isInKsock = false;
        }
    }

    private void Write(string name, in TrafficCounts traffic)
    {
        Json.WriteStartObject(name);
        WriteFields(traffic);
        Json.WriteEndObject();
    }

    /// <summary>Statuses and refusals are given by kind; kinds that have not come up are left out.</summary>
    private void WriteFields(in TrafficCounts traffic)
    {
        Json.WriteNumber("sent", traffic.Sent);
        Json.WriteNumber("sent_bytes", traffic.SentBytes);
        Json.WriteNumber("delivered", traffic.Delivered);
        Json.WriteNumber("delivered_bytes", traffic.DeliveredBytes);
        Json.WriteNumber("missed", traffic.Missed);
        Json.WriteNumber("requests", traffic.Requests);
        Json.WriteNumber("replies", traffic.Replies);
        Json.WriteStartObject("statuses");
        for (int i = 0; i < StatusCounts.Count; i++)
        {
            WriteUnlessZero(StatusWords[i], traffic.Statuses[i]);
        }

        Json.WriteEndObject();
        Json.WriteStartObject("refused");
        for (int i = 0; i < RefusalCounts.Count; i++)
        {
            WriteUnlessZero(i < RefusalCounts.Errors.Length ? RefusalCounts.Errors[i].ToString() : "other", traffic.Refused[i]);
        }

        Json.WriteEndObject();
    }

    private void WriteUnlessZero(string name, ulong count)
    {
        if (count > 0)
        {
            Json.WriteNumber(name, count);
        }
    }

    private void Write(string name, MessageId id)
    {
        Json.WriteStartArray(name);
        Json.WriteNumberValue(id.NetworkId);
        Json.WriteNumberValue(id.SerialNumber);
        Json.WriteEndArray();
    }
}

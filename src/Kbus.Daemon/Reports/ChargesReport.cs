using System.Text.Json;
using Kbus.Core;

namespace Kbus.Daemon;

/// <summary>What <c>kbus status --charges</c> shows: who holds how much of what is limited, those first who hold the greatest part.</summary>
/// <param name="daemon">What it is about.</param>
internal sealed class ChargesReport(Daemon daemon) : Report(daemon)
{
    private ChargesPlace<KsockState> _place = OnBus();
    private ChargesTable? _table;

    /// <inheritdoc/>
    public override BusWork? Release() => _table is null ? null : new ChargesRelease(_place);

    /// <inheritdoc/>
    protected override void BeginDaemon(Daemon about)
    {
        var table = new ChargesTable(ChargesRow.OfDaemon);
        var place = new ChargesPlace<KsockShare>(s => s.Process);
        while (about.Shares.ReadNext(place, table))
        {
        }

        Json.WritePropertyName("daemon");
        Write(Json, table, null);
    }

    /// <inheritdoc/>
    protected override void BeginBus() => (_place, _table) = (OnBus(), null);

    /// <inheritdoc/>
    protected override ReportPiece MakeNext(StatusPage page, Action<ReportPiece> filled) => new ChargesQuestion(_place, filled);

    /// <inheritdoc/>
    protected override bool WritePiece(ReportPiece piece)
    {
        var page = (ChargesQuestion)piece;
        if (_table is null)
        {
            _table = new ChargesTable(ChargesRow.OfBus);
            _table.Begin(page.Limits, page.Held);
        }

        page.Users.ForEach(u => _table.AddUser(u));
        page.Processes.ForEach(p => _table.AddProcess(p));
        if (page.IsLast)
        {
            Write(Json, _table, Number);
            _table = null;
        }

        return page.IsLast;
    }

    private static ChargesPlace<KsockState> OnBus() => new(k => k.Charges);

    private void Write(Utf8JsonWriter json, ChargesTable table, uint? bus)
    {
        json.WriteStartObject();
        if (bus is { } number)
        {
            json.WriteNumber("bus", number);
        }

        WriteAmounts(json, "limits", table, table.Limits);
        WriteAmounts(json, "held", table, table.Held);
        json.WriteNumber("users_in_all", table.UsersInAll);
        json.WriteStartArray("users");
        foreach (ChargesRow user in table.Users)
        {
            Write(json, table, user, isProcess: false);
        }

        json.WriteEndArray();
        json.WriteNumber("processes_in_all", table.ProcessesInAll);
        json.WriteStartArray("processes");
        foreach (ChargesRow process in table.Processes)
        {
            Write(json, table, process, isProcess: true);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void Write(Utf8JsonWriter json, ChargesTable table, in ChargesRow row, bool isProcess)
    {
        json.WriteStartObject();
        json.WriteNumber("uid", row.UserId);
        if (isProcess)
        {
            json.WriteNumber("pid", row.ProcessId);
            json.WriteString("program", Names.Of(row.ProcessId));
        }

        WriteAmounts(json, "held", table, row.Held);
        WriteAmounts(json, "share", table, row.Share);
        json.WriteEndObject();
    }

    private static void WriteAmounts(Utf8JsonWriter json, string name, ChargesTable table, in ChargeAmounts amounts)
    {
        json.WriteStartObject(name);
        foreach (ChargeKind kind in table.Kinds)
        {
            json.WriteNumber(NameOf(kind), amounts[(int)kind]);
        }

        json.WriteEndObject();
    }

    private static string NameOf(ChargeKind kind) => kind switch
    {
        ChargeKind.Bindings => "bindings",
        ChargeKind.NameBytes => "name_bytes",
        ChargeKind.Requests => "requests",
        ChargeKind.MessageBytes => "message_bytes",
        ChargeKind.Ksocks => "ksocks",
        _ => "buses",
    };
}
